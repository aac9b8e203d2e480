import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django import forms
from django.http import QueryDict
from tests.unit.web import gallery

ENGINE = gallery.engine()


def rendered(source, **context):
    html = ENGINE.from_string("{% load tabard_ui %}" + source).render(context)
    return re.sub(r"\s+", " ", html).strip()


class Form(forms.Form):
    reference = forms.CharField(help_text="As on the report.")
    urn = forms.CharField(label="URN", required=False)
    starts_at = forms.DateTimeField(label="Starts", required=False)
    on_date = forms.DateField(label="Day", required=False)
    kind = forms.ChoiceField(widget=forms.RadioSelect, choices=[("a", "Alpha"), ("b", "Beta")])
    secret = forms.CharField(widget=forms.PasswordInput, required=False)
    token = forms.CharField(widget=forms.HiddenInput, required=False)


@pytest.mark.parametrize(
    ("size_bytes", "written"),
    [
        (None, "Not known"),
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (1_437_000_000, "1.4 GB"),
        (2 * 10**18, "2000.0 PB"),
    ],
)
def test_sizes_are_decimal_and_never_round_up_to_a_thousand_of_a_unit(size_bytes, written):
    assert rendered("{{ n|bytes_size }}", n=size_bytes) == written


@pytest.mark.parametrize(
    ("length", "in_words", "on_a_clock"),
    [
        (None, "Not known", "--:--"),
        (0, "0 s", "00:00"),
        (0.4, "under 1 s", "00:00"),
        (59.9, "59 s", "00:59"),
        (60, "1 min", "01:00"),
        (912.4, "15 min 12 s", "15:12"),
        (3600, "1 h", "1:00:00"),
        (timedelta(hours=1, minutes=2, seconds=3), "1 h 2 min", "1:02:03"),
    ],
)
def test_lengths_are_said_in_words_and_on_a_clock(length, in_words, on_a_clock):
    assert rendered("{{ n|duration }}", n=length) == in_words
    assert rendered("{{ n|clock }}", n=length) == on_a_clock


def test_a_time_is_shown_as_london_sees_it_with_utc_in_the_title():
    summer = datetime(2026, 7, 1, 23, 30, 5, 250_000, tzinfo=UTC)
    html = rendered("{% local_time at 'seconds' %}", at=summer)
    assert ">2 July 2026, 00:30:05 BST</time>" in html
    assert 'title="2026-07-01 23:30:05 UTC"' in html
    assert 'datetime="2026-07-01T23:30:05.250Z"' in html


def test_the_two_hours_of_the_autumn_night_are_told_apart():
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert "01:30:00 BST" in rendered("{% local_time at 'seconds' %}", at=first)
    assert "01:30:00 GMT" in rendered("{% local_time at 'seconds' %}", at=first + timedelta(hours=1))


def test_an_unknown_time_says_so():
    assert rendered("{% local_time at %}", at=None) == "Not known"


def test_a_status_has_its_colour_and_a_foreign_one_is_grey():
    assert rendered("{% status_tag 'cannot_be_decoded' %}") == (
        '<strong class="govuk-tag govuk-tag--red">Cannot be decoded</strong>'
    )
    assert "govuk-tag--grey" in rendered("{% status_tag 'never heard of' %}")
    assert rendered("{% status_tag 'sealed' text='Safe' colour='blue' %}") == (
        '<strong class="govuk-tag govuk-tag--blue">Safe</strong>'
    )


def test_a_short_hash_holds_the_whole_value():
    html = rendered("{% short_hash value 'leaf hash' %}", value=bytes(range(32)))
    assert f">{bytes(range(32)).hex()}</code>" in html
    assert f'data-copy="{bytes(range(32)).hex()}" hidden' in html
    assert "leaf hash 00010203" in html
    assert rendered("{% short_hash value %}", value=None) == "Not known"


def test_a_field_binds_its_label_hint_and_error_to_its_input():
    html = rendered("{% field form.reference %}", form=Form(data={}))
    assert '<label class="govuk-label" for="id_reference">Reference</label>' in html
    assert '<div id="id_reference_helptext" class="govuk-hint">As on the report.</div>' in html
    assert 'id="id_reference_error"' in html
    assert "Enter reference" in html
    assert 'aria-describedby="id_reference_helptext id_reference_error"' in html
    assert 'aria-invalid="true"' in html
    assert "govuk-input--error" in html


def test_a_field_keeps_what_was_typed_and_escapes_it():
    html = rendered("{% field form.reference %}", form=Form(data={"reference": '"><b>'}))
    assert 'value="&quot;&gt;&lt;b&gt;"' in html


def test_a_password_is_never_sent_back():
    assert "hunter2" not in rendered("{% field form.secret %}", form=Form(data={"secret": "hunter2"}))


def test_dates_and_times_use_the_browsers_controls_with_iso_values():
    initial = {"starts_at": datetime(2026, 3, 4, 5, 6, 7), "on_date": date(2026, 3, 4)}
    form = Form(initial=initial)
    starts = rendered("{% field form.starts_at %}", form=form)
    assert 'type="datetime-local"' in starts
    assert 'value="2026-03-04T05:06:07"' in starts
    assert 'step="1"' in starts
    day = rendered("{% field form.on_date %}", form=form)
    assert 'type="date"' in day
    assert 'value="2026-03-04"' in day


def test_a_date_control_is_made_without_changing_the_form():
    form = Form()
    rendered("{% field form.starts_at %}", form=form)
    assert form.fields["starts_at"].widget.input_type == "text"


def test_radios_are_a_fieldset_whose_chosen_answer_stays():
    html = rendered("{% field form.kind %}", form=Form(data={"kind": "b"}))
    assert '<legend class="govuk-fieldset__legend">Kind</legend>' in html
    assert 'id="id_kind_0" value="a">' in html
    assert 'id="id_kind_1" value="b" checked>' in html


def test_a_hidden_field_has_no_label():
    html = rendered("{% field form.token %}", form=Form(data={"token": "t"}))
    assert html.startswith('<input type="hidden"')
    assert "label" not in html


def test_options_of_a_field():
    html = rendered(
        "{% field form.urn hint='Eleven characters' width='10' prefix='#' label_size='s' inputmode='text' %}",
        form=Form(),
    )
    assert "Eleven characters" in html
    assert "govuk-input--width-10" in html
    assert '<div class="govuk-input__prefix" aria-hidden="true">#</div>' in html
    assert "govuk-label--s" in html
    assert 'inputmode="text"' in html
    assert "govuk-form-group--error" not in html


def test_the_summary_links_each_error_to_the_input_at_fault():
    form = Form(data={"starts_at": "never"})
    form.add_error(None, "The two times are the wrong way round.")
    html = rendered("{% error_summary form %}", form=form)
    assert '<a href="#id_reference">Enter reference</a>' in html
    assert '<a href="#id_starts_at">Starts: Enter a valid date/time.</a>' in html
    assert '<a href="#id_kind_0">Choose an answer: Kind</a>' in html
    assert "<li>The two times are the wrong way round.</li>" in html


def test_the_summary_is_silent_without_errors():
    assert rendered("{% error_summary form %}", form=Form()) == ""
    good = Form(data={"reference": "1", "kind": "a"})
    assert rendered("{% error_summary form other %}", form=good, other=None) == ""


def test_a_label_that_is_an_abbreviation_keeps_its_capitals():
    form = Form(data={})
    form.fields["urn"].required = True
    assert "Enter URN" in rendered("{% error_summary form %}", form=form)


class Filter(forms.Form):
    q = forms.CharField(label="Search", required=False)
    unit = forms.MultipleChoiceField(required=False, choices=[("lx", "Lambeth"), ("zd", "Croydon")])


def test_an_applied_filter_is_named_and_its_link_takes_only_it_away():
    form = Filter(QueryDict("q=knife+%26+bag&unit=lx&unit=zd&before=77"))
    html = rendered("{% filtered form %}<p>results</p>{% endfiltered %}", form=form)
    assert "Unit: Lambeth" in html
    assert 'href="?q=knife+%26+bag&amp;unit=zd"' in html
    assert 'href="?unit=lx&amp;unit=zd"' in html
    assert "<p>results</p>" in html
    assert "Filters (3)" in html


def test_filters_that_are_not_applied_are_not_listed():
    html = rendered("{% filtered form %}{% endfiltered %}", form=Filter(QueryDict("q=+&unit=")))
    assert "Applied filters" not in html


def test_a_table_names_its_columns_and_every_cell():
    html = rendered(
        "{% table 'Cameras' 'Serial' '#Charge' '' %}{% row %}{% cell 'Serial' heading=True %}{{ s }}{% endcell %}"
        "{% cell 'Charge' numeric=True %}80 %{% endcell %}{% cell '' %}x{% endcell %}{% endrow %}{% endtable %}",
        s="<A1>",
    )
    assert 'id="table-cameras">Cameras</caption>' in html
    assert 'govuk-table__header--numeric">Charge</th>' in html
    assert '<span class="govuk-visually-hidden">Actions</span>' in html
    assert 'data-label="Serial"><div>&lt;A1&gt;</div></th>' in html
    assert 'govuk-table__cell--numeric" data-label="Charge"><div>80 %</div></td>' in html
    assert "tabard-table--stacked" in html


def test_a_scrolling_table_can_be_reached_by_keyboard():
    html = rendered("{% table 'Log' 'A' scroll=True %}{% endtable %}")
    assert 'role="region" tabindex="0" aria-labelledby="table-log"' in html
    assert "stacked" not in html


def test_a_post_button_carries_the_csrf_token_and_its_fields():
    html = rendered("{% post_button 'Lift' '/holds/1/lift' reason=r %}", r='"x"', csrf_token="tok")
    assert '<form class="tabard-inline-form" method="post" action="/holds/1/lift">' in html
    assert '<input type="hidden" name="csrfmiddlewaretoken" value="tok">' in html
    assert '<input type="hidden" name="reason" value="&quot;x&quot;">' in html


def test_pagination_shows_only_the_ways_that_lead_somewhere():
    assert rendered("{% pagination '' '' %}") == ""
    html = rendered("{% pagination '' '?after=9' %}")
    assert 'href="?after=9" rel="next"' in html
    assert "prev" not in html


def test_breadcrumbs_end_with_this_page():
    html = rendered("{% breadcrumbs 'Home' '/' 'Fleet' %}")
    assert '<a class="govuk-breadcrumbs__link" href="/">Home</a>' in html
    assert '<li class="govuk-breadcrumbs__list-item" aria-current="page">Fleet</li>' in html


def test_the_frame_shows_who_is_signed_in_and_offers_to_sign_out_by_post():
    html = gallery.render_gallery()
    assert "<title>Error: Components - Tabard</title>" in html
    assert 'action="/sign-out"' in html
    assert 'href="#recordings" aria-current="true"' in html
    assert "The clip is being cut." in html


def test_no_page_holds_inline_code_or_styles():
    html = gallery.render_gallery()
    assert not re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", html)
    assert not re.findall(r"<style|\sstyle=|\son[a-z]+=", html)
    assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//""", html)


@pytest.mark.parametrize("status", [400, 403, 404, 409, 500, 503])
def test_an_error_page_stands_without_any_context(status):
    html = ENGINE.get_template(f"errors/{status}.html").render({})
    assert '<h1 class="govuk-heading-l">' in html
    assert "Sign out" not in html


def test_an_error_page_escapes_the_detail_it_is_given():
    html = ENGINE.get_template("errors/404.html").render({"detail": "<script>", "reference": "r-1"})
    assert "&lt;script&gt;" in html
    assert "<code>r-1</code>" in html
