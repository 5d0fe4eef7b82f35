"""Programs that bring MNIST's test digits to an accuracy in little time: see docs/record.md."""
