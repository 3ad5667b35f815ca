"""Addresses for machines."""

from django.urls import path, re_path

from waywarden.api import feeds, sitemaps
from waywarden.api.endpoint import open311
from waywarden.api.metrics_views import metrics, metrics_json
from waywarden.api.pins import pins
from waywarden.api.views import openapi, page

#: The first part says the kind of feed (the converter is registered with the pages).
_FORM = "<feed:form>"


urlpatterns = [
    path("robots.txt", sitemaps.robots, name="robots"),
    path("sitemap.xml", sitemaps.sitemap_index, name="sitemap"),
    path("sitemap/pages.xml", sitemaps.sitemap_of_pages),
    path("sitemap/reports-<number:number>.xml", sitemaps.sitemap_of_reports),
    path(".well-known/security.txt", sitemaps.security, name="security"),
    path(f"{_FORM}/problems", feeds.all_reports, name="feed"),
    path(f"{_FORM}/<number:number>", feeds.report, name="feed-report"),
    path(f"{_FORM}/area/<number:number>", feeds.area, name="feed-area"),
    path(f"{_FORM}/reports/<slug:slug>", feeds.body, name="feed-body"),
    path(f"{_FORM}/reports/<slug:slug>/<slug:ward>", feeds.body, name="feed-ward"),
    path(f"{_FORM}/reports/<slug:slug>/<slugs:ward>", feeds.body),
    re_path(
        r"^(?P<form>rss|atom)/l/(?P<lat>-?[\d.]+),(?P<lon>-?[\d.]+)"
        r"(?:/(?P<km>[\d.]+))?(?:/(?P<state>open|fixed|closed))?$",
        feeds.near,
        name="feed-near",
    ),
    path("api/pins", pins, name="pins"),
    path("metrics", metrics, name="metrics"),
    path("metrics.json", metrics_json, name="metrics-json"),
    path("open311/v2/", page, name="open311-page"),
    path("open311/v2/openapi.json", openapi, name="open311-openapi"),
    re_path(r"^open311/v2(?:/[\s\S]*)?$", open311, name="open311"),
]
