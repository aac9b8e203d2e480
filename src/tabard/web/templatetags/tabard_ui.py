"""Which tags does a page load? This one library, which holds all of ours: values, forms and blocks."""

from django import template

from tabard.web.templatetags import tabard_blocks, tabard_forms, tabard_values

register = template.Library()

for part in (tabard_values, tabard_forms, tabard_blocks):
    register.tags.update(part.register.tags)
    register.filters.update(part.register.filters)
