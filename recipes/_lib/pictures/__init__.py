"""Pictures that recipes leave in their run folder."""
