"""Addresses for machines."""

from django.urls import path

from waywarden.api.pins import pins

urlpatterns = [path("pins", pins, name="pins")]
