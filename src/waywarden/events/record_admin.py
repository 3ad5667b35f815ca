"""Admin pages of records: looked at, never changed; lists that stay quick with a million rows."""

from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator


class LongListAdmin(ModelAdmin):  # type: ignore[misc]  # unfold is not seen by mypy
    """A list that never counts its rows."""

    show_full_result_count = False
    paginator = InfinitePaginator
    list_per_page = 50
    list_disable_select_all = True


class RecordAdmin(LongListAdmin):
    """Rows that only the site itself writes."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False
