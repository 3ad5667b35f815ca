"""Addresses of the staff pages, below `/staff/`. Each room's `*_views` adds its own lines."""

from django.urls import path
from django.views.generic import RedirectView

from waywarden.staff import board_views as board
from waywarden.staff import delivery_views as deliveries

app_name = "staff"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="staff:board"), name="home"),
    path("integration/", board.board, name="board"),
    path("integration/connections/<int:connection_id>/", board.connection, name="connection"),
    path("integration/connections/<int:connection_id>/resume/", board.resume, name="resume"),
    path("integration/connections/<int:connection_id>/pause/", board.pause, name="pause"),
    path("integration/deliveries/", deliveries.listed, name="deliveries"),
    path("integration/deliveries/decide/", deliveries.decide_many, name="decide-many"),
    path("integration/deliveries/<int:delivery_id>/", deliveries.one, name="delivery"),
    path("integration/deliveries/<int:delivery_id>/calls.json", deliveries.calls, name="calls"),
    path("integration/deliveries/<int:delivery_id>/decide/", deliveries.decide, name="decide"),
]
