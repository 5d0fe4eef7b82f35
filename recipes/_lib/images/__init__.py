"""What recipes on images share: a judge of generated images, the VAE, scores of codes and reconstructions."""
