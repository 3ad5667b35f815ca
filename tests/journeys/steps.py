"""Walking through the steps of the form, as somebody does whose browser runs scripts."""

from playwright.sync_api import Page, expect

WHERE, KIND, ALIKE = "Where is it?", "What is it about?", "Is it one of these?"
PHOTO, WORDS, WHO = "A photo helps", "What is wrong?", "Who are you?"


def arrive(page: Page, button: str, *, exact: bool = False) -> None:
    """Presses what leads to another page, and waits until that is all there, its styles too."""
    with page.expect_navigation(wait_until="load"):
        page.get_by_role("button", name=button, exact=exact).click()


def step_of(page: Page) -> str:
    """The heading of the step that is shown."""
    return page.locator("[data-step].is-now h2").inner_text()


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Next").click()


def go_to(page: Page, heading: str) -> None:
    """Presses Next until a step is reached."""
    expect(page.locator("form.has-steps")).to_have_count(1)
    for _press in range(8):
        now = step_of(page)
        if now.startswith(heading):
            return
        go_on(page)
        expect(page.locator("[data-step].is-now h2")).not_to_have_text(now)
    raise AssertionError(f"no step is called {heading}")


def choose(page: Page, kind: str) -> None:
    """Picks a category, and waits for what comes with it."""
    go_to(page, KIND)
    page.get_by_role("radio", name=kind).first.check()
    expect(page.locator("#about [name=asked]")).to_have_value(kind)
