"""The guide as a site in English and Chinese, from the pages of this repository, its docstrings and published runs."""
