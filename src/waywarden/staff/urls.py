"""Addresses of the staff pages, below `/staff/`. Each room's `*_views` adds its own lines."""

from django.urls import path
from django.views.generic import RedirectView

from waywarden.staff import board_views as board

app_name = "staff"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="staff:board"), name="home"),
    path("integration/", board.board, name="board"),
]
