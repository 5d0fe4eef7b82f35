"""Names of layers by which other modules find the parts of a model.

Files that users have saved contain these names, so they never change.
"""

import keras

# An autoencoder, a VAE, a contrastive model and an encoder-decoder.
ENCODER, DECODER, SAMPLING = "encoder", "decoder", "sampling"
# A GAN, and the embedding of the classes in its generator.
GENERATOR, DISCRIMINATOR, GENERATOR_CLASSES = "generator", "discriminator", "generator_classes"
# A diffusion model.
DENOISER = "denoiser"
# A transformer; each attention layer and the normalisation before it end in the number of the block.
POSITIONS, ATTENTION, ATTENTION_NORM = "position_embedding", "attention_", "attention_norm_"
# The attention of an encoder-decoder, in its decoder.
SOURCE_ATTENTION = "source_attention"
# A polynomial regression.
POLYNOMIAL = "features"
# The last layer of a model with `num_outputs`.
OUTPUT = "output"


def layers_by_name(model, kind: type = keras.layers.Layer) -> dict[str, keras.layers.Layer]:
    """Return the layers of one kind; with `keras.Model`, the parts of a model."""
    return {layer.name: layer for layer in getattr(model, "layers", ()) if isinstance(layer, kind)}
