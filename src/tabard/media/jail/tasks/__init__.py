"""The tasks a decoder can do, one module each; `perform` takes a workbench and returns the facts of its shape."""
