"""Every address of the install: people, machines, the admin."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from waywarden.web import error_views
from waywarden.web.sign_in import to_the_door

urlpatterns = [
    path("", include("waywarden.web.urls")),
    path("", include("waywarden.api.urls")),
    path("staff/", include("waywarden.staff.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/users/", RedirectView.as_view(pattern_name="admin:users_user_changelist")),
    path("admin/login/", to_the_door),
    path("admin/", admin.site.urls),
]

if settings.ANYMAIL.get("WEBHOOK_SECRET"):
    # Where a mail provider tells of answers and bounces; closed without a secret.
    urlpatterns.append(path("mail/", include("anymail.urls")))

handler400 = error_views.bad_request
handler403 = error_views.forbidden
handler404 = error_views.not_found
handler500 = error_views.broken
