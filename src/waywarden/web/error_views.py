"""Pages that say in plain words why there is nothing to see."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import is_valid_path

from waywarden.reports.privacy import Sight


def refusal(request: HttpRequest, sight: Sight) -> HttpResponse:
    """The page for a report that this person does not get."""
    names = {Sight.NOT_FOUND: "404", Sight.FORBIDDEN: "403", Sight.GONE: "410"}
    response = render(request, f"ui/{names[sight]}.html", {"is_report": True}, status=sight.value)
    response["Cache-Control"] = "private, no-store"
    return response


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400; what was raised is not told."""
    _ = exception
    return render(request, "ui/400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403; what was raised is not told."""
    _ = exception
    return render(request, "ui/403.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404; an address that is right but for a slash at its end leads to the right one.

    One that is known as it stands does not: there the page itself says that there is no such thing.
    """
    _ = exception
    bare = request.path_info.rstrip("/")
    is_unknown = request.resolver_match is None and request.method in ("GET", "HEAD")
    has_more = bare and bare != request.path_info and not bare.startswith("//")
    if is_unknown and has_more and is_valid_path(bare):
        query = request.META.get("QUERY_STRING", "")
        return redirect(f"{bare}?{query}" if query else bare, permanent=True)
    return render(request, "ui/404.html", status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """500; asks nothing of the database."""
    return render(request, "ui/500.html", status=500)


def without_token(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that was open too long, or was not ours."""
    return render(request, "ui/403_form.html", {"reason": reason}, status=403)
