"""How is a page put together? Tables, fact lists, cards, timelines, tabs, buttons, around their content."""

from typing import Any

from django import template
from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import slugify

from tabard.web.templatetags.tabard_forms import render_component

register = template.Library()
_ACTIONS = "govuk-summary-list__actions"
_NO_ACTIONS = " govuk-summary-list__row--no-actions"


@register.simple_block_tag(takes_context=True)
def table(context: Context, content: SafeString, caption: str, *columns: str, **options: Any) -> SafeString:
    """A table of rows made with `row` and `cell`; a column named `#Length` is numeric.

    Args:
        context: the template's context.
        content: the rows.
        caption: names the table; always heard, seen unless `hide_caption`.
        columns: the headings, in order; an empty one is said to hold actions.
        options: `hide_caption=True`; `scroll=True` keeps columns side by side on a narrow screen and scrolls
            them in their own box, where otherwise each row becomes a small list.
    """
    headings = [{"text": name.removeprefix("#"), "numeric": name.startswith("#")} for name in columns]
    values = options | {"content": content, "caption": caption, "headings": headings, "key": slugify(caption)}
    return render_component(context, "components/table.html", values)


@register.simple_block_tag
def row(content: SafeString) -> SafeString:
    """One row of a table."""
    return format_html('<tr class="govuk-table__row" role="row">{}</tr>', content)


@register.simple_block_tag
def cell(content: SafeString, label: str = "", *, heading: bool = False, numeric: bool = False) -> SafeString:
    """One cell of a row.

    Args:
        content: the cell's content.
        label: the column's heading, shown before the content where rows are stacked.
        heading: the cell that names its row.
        numeric: aligned right with figures of one width.
    """
    css = " govuk-table__cell--numeric" if numeric else ""
    if heading:
        return format_html(
            '<th scope="row" role="rowheader" class="govuk-table__header" data-label="{}"><div>{}</div></th>',
            label,
            content,
        )
    return format_html(
        '<td role="cell" class="govuk-table__cell{}" data-label="{}"><div>{}</div></td>',
        css,
        label,
        content,
    )


@register.simple_block_tag
def facts(content: SafeString, *, compact: bool = False) -> SafeString:
    """A summary list of `fact`s."""
    css = "govuk-summary-list govuk-!-font-size-16" if compact else "govuk-summary-list"
    if _ACTIONS not in content:
        # Rows keep room for an action only where some row has one.
        content = SafeString(content.replace(_NO_ACTIONS, ""))
    return format_html('<dl class="{}">{}</dl>', css, content)


@register.simple_block_tag
def fact(content: SafeString, key: str, url: str = "", action: str = "Change") -> SafeString:
    """One line of `facts`: what is known under a key, with a link to change it where `url` is given."""
    link: SafeString | str = ""
    if url:
        link = format_html(
            '<dd class="govuk-summary-list__actions"><a class="govuk-link" href="{}">{}'
            '<span class="govuk-visually-hidden"> {}</span></a></dd>',
            url,
            action,
            key.lower(),
        )
    return format_html(
        '<div class="govuk-summary-list__row{}"><dt class="govuk-summary-list__key">{}</dt>'
        '<dd class="govuk-summary-list__value">{}</dd>{}</div>',
        "" if url else _NO_ACTIONS,
        key,
        content,
        link,
    )


@register.simple_block_tag
def details(content: SafeString, summary: str, *, is_open: bool = False) -> SafeString:
    """Content that is folded away under its summary."""
    return format_html(
        '<details class="govuk-details"{}><summary class="govuk-details__summary">'
        '<span class="govuk-details__summary-text">{}</span></summary>'
        '<div class="govuk-details__text">{}</div></details>',
        SafeString(" open") if is_open else "",
        summary,
        content,
    )


@register.simple_block_tag
def inset(content: SafeString) -> SafeString:
    """Text set apart from what surrounds it."""
    return format_html('<div class="govuk-inset-text">{}</div>', content)


@register.simple_block_tag
def warning(content: SafeString) -> SafeString:
    """Text about something that cannot be undone or has consequences in law."""
    return format_html(
        '<div class="govuk-warning-text"><span class="govuk-warning-text__icon" aria-hidden="true">!</span>'
        '<strong class="govuk-warning-text__text"><span class="govuk-visually-hidden">Warning</span> {}'
        "</strong></div>",
        content,
    )


@register.simple_block_tag
def timeline(content: SafeString) -> SafeString:
    """A history of `event`s, newest or oldest first as they are given."""
    return format_html('<div class="moj-timeline">{}</div>', content)


@register.simple_block_tag(takes_context=True)
def event(context: Context, content: SafeString, title: str, at: Any = None, by: str = "") -> SafeString:
    """One event of a `timeline`: what happened, who did it, when to the second, and what else is known."""
    return render_component(
        context, "components/event.html", {"content": content, "title": title, "at": at, "by": by}
    )


@register.simple_block_tag
def tabs(content: SafeString, title: str, **labels: str) -> SafeString:
    """Panels of which one shows at a time; without JavaScript all of them, under a list of contents.

    Args:
        content: one `tab` for each label, in the same order.
        title: heads the list of contents.
        labels: the id of each tab and what it is called: `facts="Facts" history="History"`.
    """
    items = format_html_join(
        "",
        '<li class="govuk-tabs__list-item{}"><a class="govuk-tabs__tab" href="#{}">{}</a></li>',
        (
            (" govuk-tabs__list-item--selected" if not i else "", k, v)
            for i, (k, v) in enumerate(labels.items())
        ),
    )
    return format_html(
        '<div class="govuk-tabs" data-module="govuk-tabs"><h2 class="govuk-tabs__title">{}</h2>'
        '<ul class="govuk-tabs__list">{}</ul>{}</div>',
        title,
        items,
        content,
    )


@register.simple_block_tag
def tab(content: SafeString, key: str) -> SafeString:
    """The panel of one label of `tabs`."""
    return format_html('<div class="govuk-tabs__panel" id="{}">{}</div>', key, content)


@register.simple_block_tag
def cards(content: SafeString) -> SafeString:
    """A grid of `card`s."""
    return format_html('<ul class="tabard-cards">{}</ul>', content)


@register.simple_block_tag(takes_context=True)
def card(context: Context, content: SafeString, title: str, url: str, **picture: Any) -> SafeString:
    """A recording, clip or exhibit as a picture with its facts; the whole card is the link.

    Args:
        context: the template's context.
        content: facts under the title.
        title: names the thing and is the link's text.
        url: the thing's page.
        picture: `image` (address), `alt`, `duration_s`, and `nothing` (said where there is no picture).
    """
    values = picture | {"content": content, "title": title, "url": url}
    return render_component(context, "components/card.html", values)


@register.simple_block_tag
def figures(content: SafeString) -> SafeString:
    """A row of `figure`s."""
    return format_html('<dl class="tabard-figures">{}</dl>', content)


@register.simple_tag
def figure(value: object, label: str) -> SafeString:
    """One large number with what it counts."""
    return format_html('<div class="tabard-figure"><dt>{}</dt><dd>{}</dd></div>', label, value)


BUTTON_CSS = {
    "primary": "",
    "secondary": " govuk-button--secondary",
    "warning": " govuk-button--warning",
    "inverse": " govuk-button--inverse",
}


@register.simple_tag
def button(text: str, url: str = "", variant: str = "primary", name: str = "", value: str = "") -> SafeString:
    """A submit button that ignores a double click, or with `url` a link that looks like one."""
    css = f"govuk-button{BUTTON_CSS[variant]}"
    if url:
        return format_html(
            '<a href="{}" role="button" draggable="false" class="{}" data-module="govuk-button">{}</a>',
            url,
            css,
            text,
        )
    named = format_html(' name="{}" value="{}"', name, value) if name else ""
    return format_html(
        '<button type="submit" class="{}" data-module="govuk-button" data-prevent-double-click="true"{}>{}'
        "</button>",
        css,
        named,
        text,
    )


@register.inclusion_tag("components/post_button.html", takes_context=True)
def post_button(
    context: Context, text: str, url: str, variant: str = "secondary", **fields: Any
) -> dict[str, Any]:
    """A form of one button that changes something, with its hidden fields and CSRF token."""
    return {
        "text": text,
        "url": url,
        "variant": variant,
        "fields": fields,
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("components/pagination.html")
def pagination(
    newer_url: str = "", older_url: str = "", newer: str = "Newer", older: str = "Older"
) -> dict[str, str]:
    """Links to the neighbouring pages of a list paged by key; nothing where there is one page."""
    return {"newer_url": newer_url, "older_url": older_url, "newer": newer, "older": older}


@register.inclusion_tag("components/breadcrumbs.html")
def breadcrumbs(*pairs: str) -> dict[str, Any]:
    """The way to this page: label and address by turns; a last label without address is this page."""
    return {
        "crumbs": [{"label": pairs[i], "url": "".join(pairs[i + 1 : i + 2])} for i in range(0, len(pairs), 2)]
    }
