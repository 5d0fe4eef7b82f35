"""Helpers of recipes on images: VAE, diffusion, reconstructions, the judge of generated images, clustering, few labels,
transfer, distillation, compression, planted marks."""
