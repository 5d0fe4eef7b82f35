"""The optimizer of the language models."""

import keras


def muon(learning_rate) -> keras.optimizers.Muon:
    """Return Muon for the matrices between the layers, AdamW for all else: embeddings, the output, convolutions.

    Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024); its step has the size of AdamW's
    (Liu et al., "Muon is scalable for LLM training", 2025), so that one learning rate fits both.
    """
    others = ["logits", "output", "causal_convolution"]
    decay = {"weight_decay": 0.1, "adam_weight_decay": 0.1}
    return keras.optimizers.Muon(learning_rate, exclude_layers=others, adam_beta_2=0.98, **decay)
