"""Every address of the pages and the API."""

from django.urls import URLPattern, URLResolver, include, path

from tabard.api.api import api_urls

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", api_urls()),
    path("", include("tabard.web.urls")),
]
