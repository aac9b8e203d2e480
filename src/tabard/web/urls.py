"""Every page's address, in the glossary's words."""

from django.urls import URLPattern, URLResolver, path

from tabard.web.views import accounts

urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-in", accounts.sign_in, name="sign-in"),
    path("sign-out", accounts.sign_out, name="sign-out"),
]
