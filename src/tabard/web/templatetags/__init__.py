"""Template tags: how values, forms and components are written on a page."""
