"""Addresses for machines."""

from django.urls import path, re_path

from waywarden.api.endpoint import open311
from waywarden.api.pins import pins
from waywarden.api.views import openapi, page

urlpatterns = [
    path("api/pins", pins, name="pins"),
    path("open311/v2/", page, name="open311-page"),
    path("open311/v2/openapi.json", openapi, name="open311-openapi"),
    re_path(r"^open311/v2(?:/[\s\S]*)?$", open311, name="open311"),
]
