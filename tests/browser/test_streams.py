"""Pages that change by themselves, in a browser of somebody who may see no more of them."""

from playwright.async_api import Browser

from tests.browser.conftest import Place


async def test_a_page_that_stood_open_goes_when_its_reader_logs_out_in_another_tab(
    place: Place, chromium: Browser
) -> None:
    context = await chromium.new_context(locale="en-GB")
    await context.add_cookies([{"name": "birdwire", "value": place.there.secret, "url": place.url}])
    open_page, another = await context.new_page(), await context.new_page()
    async with open_page.expect_response(lambda answer: "/events" in answer.url) as stream:
        await open_page.goto(f"{place.url}/@alice/{place.there.posts['long']}/delivery")
    assert (await stream.value).status == 200
    await another.goto(f"{place.url}/home")
    await another.get_by_role("button", name="Log out").first.click()
    await open_page.wait_for_url(f"{place.url}/login?next=*", timeout=15_000)
    assert "What became of it" not in await open_page.inner_text("body")
