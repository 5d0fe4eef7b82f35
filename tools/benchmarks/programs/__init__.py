"""Programs that bring MNIST's test digits to an accuracy in little time or with few weights: see docs/record.md."""
