"""Pages that change by themselves, in a browser of somebody who may see no more of them."""

import pytest
from playwright.async_api import Browser, Page

from tests.browser.conftest import Place

HIDE = """
hidden => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}
"""
"""What a browser does when another tab is looked at: without a window it looks at all of them."""


async def _delivery(place: Place, chromium: Browser) -> tuple[Page, Page]:
    """The page of a delivery, whose stream is open, and another tab of the same browser."""
    context = await chromium.new_context(locale="en-GB")
    await context.add_cookies([{"name": "birdwire", "value": place.there.secret, "url": place.url}])
    open_page, another = await context.new_page(), await context.new_page()
    async with open_page.expect_response(lambda answer: "/events" in answer.url) as stream:
        await open_page.goto(f"{place.url}/@alice/{place.there.posts['long']}/delivery")
    assert (await stream.value).status == 200
    await another.goto(f"{place.url}/home")
    return open_page, another


async def test_a_page_that_stood_open_goes_when_its_reader_logs_out_in_another_tab(
    place: Place, chromium: Browser
) -> None:
    open_page, another = await _delivery(place, chromium)
    await another.get_by_role("button", name="Log out").first.click()
    await open_page.wait_for_url(f"{place.url}/login?next=*", timeout=45_000)
    assert "What became of it" not in await open_page.inner_text("body")


async def test_it_goes_too_where_it_was_behind_that_tab_and_is_looked_at_again(place: Place, chromium: Browser) -> None:
    open_page, another = await _delivery(place, chromium)
    await open_page.evaluate(HIDE, True)
    await another.get_by_role("button", name="Log out").first.click()
    await another.wait_for_url(place.url + "/")
    await open_page.evaluate(HIDE, False)
    await open_page.wait_for_url(f"{place.url}/login?next=*", timeout=45_000)
    assert "What became of it" not in await open_page.inner_text("body")


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_page_stays_while_only_its_stream_cannot_be_had(place: Place, chromium: Browser, status: int) -> None:
    open_page, _ = await _delivery(place, chromium)
    await open_page.evaluate(HIDE, True)
    await open_page.route("**/events*", lambda route: route.fulfill(status=status))
    await open_page.evaluate("globalThis.still = true")
    async with open_page.expect_response(lambda answer: answer.request.method == "HEAD") as asked:
        await open_page.evaluate(HIDE, False)
    assert (await asked.value).status == 200
    await open_page.get_by_text("No connection").wait_for()
    assert await open_page.evaluate("globalThis.still")
