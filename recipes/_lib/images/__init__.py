"""Helpers of recipes on images: a judge of generated images, the VAE, clustering, few labels, reconstructions."""
