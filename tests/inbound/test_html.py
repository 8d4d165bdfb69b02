"""HTML mail as text, and the quotes and signatures in it as programs mark them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbound.html import shown_in, to_text
from inbound.quotes import NOT_THEIRS, own_words

WROTE = "On Sun, Nov 22, 2026 at 10:15 AM Alice &lt;<a href='mailto:a@b.example'>a@b.example</a>&gt; wrote:"
HEAD = (
    "<b>From:</b> Alice &lt;a@b.example&gt;<br><b>Sent:</b> Sunday, November 22, 2026 10:15 AM<br>"
    "<b>To:</b> Bob<br><b>Subject:</b> Coffee?"
)

PROGRAMS = {
    "gmail": (
        f'<div dir="ltr">Yes.<div><br></div><div>At noon.</div></div><br><div class="gmail_quote '
        f'gmail_quote_container">'
        f'<div dir="ltr" class="gmail_attr">{WROTE}<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px '
        '0.8ex;border-left:1px solid rgb(204,204,204)"><div>Coffee?</div></blockquote></div>',
        "Yes.\n\nAt noon.",
    ),
    "gmail, answers between the lines": (
        f'<div dir="ltr"><div class="gmail_quote"><div class="gmail_attr">{WROTE}</div><blockquote class="gmail_quote">'
        "<div>Coffee?</div></blockquote><div>Yes.</div><blockquote class='gmail_quote'><div>When?</div></blockquote>"
        "<div>At noon.</div></div></div>",
        "Yes.\n\nAt noon.",
    ),
    "gmail, with a signature": (
        '<div dir="ltr">Yes.<div><br></div><span class="gmail_signature_prefix">-- </span><br><div dir="ltr" '
        'class="gmail_signature" data-smartmail="gmail_signature"><div>Bob Example<br>Head of Birds</div></div></div>',
        "Yes.",
    ),
    "gmail, forwarded": (
        '<div dir="ltr">Look!<br><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">---------- Forwarded '
        "message ---------<br>From: <b>Carol</b><br>Date: Sun<br>Subject: owl<br>To: Bob<br></div><br><br>"
        "The owl is back.</div></div>",
        "Look!",
    ),
    "apple mail": (
        '<body style="overflow-wrap: break-word;">Yes.<br><div><br><blockquote type="cite"><div>On 22 Nov 2026, at '
        "10:15, "
        'Alice &lt;a@b.example&gt; wrote:</div><br class="Apple-interchange-newline"><div>Coffee?</div></blockquote>'
        "</div><br></body>",
        "Yes.",
    ),
    "iphone": (
        '<div dir="ltr">Yes.</div><br id="lineBreakAtBeginningOfSignature"><div dir="ltr">Sent from my iPhone</div>'
        f'<div dir="ltr"><br><blockquote type="cite">{WROTE}<br><br></blockquote></div><blockquote type="cite">'
        '<div dir="ltr">Coffee?</div></blockquote>',
        "Yes.",
    ),
    "outlook on the web": (
        '<div class="elementToProof" style="font-family: Aptos;">Yes.</div><div id="appendonsend"></div>'
        f'<hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr">{HEAD}</div>'
        "<div>&nbsp;</div><div>Coffee?</div>",
        "Yes.",
    ),
    "outlook, forwarded by another one": (
        f'<div>Yes.</div><div id="x_x_divRplyFwdMsg">{HEAD}</div><div>Coffee?</div>',
        "Yes.",
    ),
    "outlook for windows": (
        '<div class="WordSection1"><p class="MsoNormal">Yes.<o:p></o:p></p><p class="MsoNormal"><o:p>&nbsp;</o:p></p>'
        '<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal">'
        f"{HEAD}<o:p></o:p></p></div></div><p class='MsoNormal'>Coffee?</p></div>",
        "Yes.",
    ),
    "outlook on a phone": (
        '<div dir="ltr">Yes.</div><div id="ms-outlook-mobile-signature">Get <a href="https://aka.ms/x">Outlook for '
        f'Android</a></div><hr><div id="divRplyFwdMsg">{HEAD}</div><div>Coffee?</div>',
        "Yes.",
    ),
    "outlook for the mac": (
        f'<div>Yes.</div><span id="OLK_SRC_BODY_SECTION"><div>{HEAD}</div><div>Coffee?</div></span>',
        "Yes.",
    ),
    "old outlook express": (
        f'<div>Yes.</div><blockquote style="border-left: #000000 2px solid"><div>----- Original Message -----</div>'
        f"<div>{HEAD}</div><div>Coffee?</div></blockquote>",
        "Yes.",
    ),
    "yahoo": (
        '<div class="ydp1f2e yahoo-style-wrap"><div dir="ltr">Yes.</div></div><div id="ydp33yahoo_quoted_1" '
        f'class="ydp33yahoo_quoted"><div>{WROTE}</div><div>Coffee?</div></div>',
        "Yes.",
    ),
    "yahoo on a phone": (
        f'Yes.<br><br><p class="yahoo-quoted-begin">Sent from Yahoo Mail for iPhone</p><p '
        f'class="yahoo_quoted">{WROTE}</p>'
        '<blockquote class="iosymail" type="cite"><div>Coffee?</div></blockquote>',
        "Yes.",
    ),
    "thunderbird": (
        '<p>Yes.</p><p>At noon.</p><div class="moz-cite-prefix">Am 22.11.26 um 10:15 schrieb Alice:<br></div>'
        '<blockquote type="cite" cite="mid:1@b.example"><p>Coffee?</p></blockquote><pre class="moz-signature" '
        'cols="72">'
        "-- \nBob</pre>",
        "Yes.\n\nAt noon.",
    ),
    "thunderbird, answers between the lines": (
        '<div class="moz-cite-prefix">On 22/11/2026 10:15, Alice wrote:</div><blockquote '
        'type="cite">Coffee?</blockquote>'
        '<p>Yes.</p><blockquote type="cite">Tea?</blockquote><p>No.</p>',
        "Yes.\n\nNo.",
    ),
    "samsung": (
        '<div dir="auto">Yes.</div><div><br></div><div id="composer_signature" dir="auto"><div '
        'style="font-size:12px">Sent '
        'from my Galaxy</div></div><div><br></div><div align="left"><div>-------- Original message --------</div>'
        "<div>From: Alice &lt;a@b.example&gt; </div><div>Date: 22/11/2026 10:15 (GMT+01:00) </div><div>To: Bob </div>"
        "<div>Subject: Coffee? </div></div><div>Coffee?</div>",
        "Yes.",
    ),
    "qq": (
        '<div>好的。</div><div><br></div><div><hr align="left" style="margin: 0 0 10px 0;"><div>王小明</div></div>'
        '<div>&nbsp;</div><div><includetail><div style="font-size: 12px;">------------------&nbsp;原始邮件'
        "&nbsp;------------------</div><div "
        'style="background:#efefef;"><div><b>发件人:</b>&nbsp;"Alice"</div><div><b>发送时间:'
        "</b>&nbsp;2026年11月22日</div></div><div>咖啡？</div></includetail></div>",
        "好的。\n\n王小明",
    ),
    "netease": (
        '<div style="line-height:1.7;">好的。</div><div id="ntes-pcmail-signature">王小明</div><pre>At 2026-11-22 '
        "10:15:00, "
        '"Alice" &lt;a@b.example&gt; wrote:</pre><blockquote id="isReplyContent" style="PADDING-LEFT: '
        '1ex">咖啡？</blockquote>',
        "好的。",
    ),
    "gmx": (
        '<div>Ja.</div><div>&nbsp;<div name="quote" style="border-left: 2px solid #C3D9E5;"><div><b>Gesendet:</b>&nbsp;'
        "Sonntag<br><b>Von:</b>&nbsp;Alice<br><b>An:</b>&nbsp;Bob<br><b>Betreff:</b>&nbsp;Kaffee?</div>"
        '<div name="quoted-content">Kaffee?</div></div></div>',
        "Ja.",
    ),
    "proton": (
        '<div>Yes.</div><div class="protonmail_signature_block"><div>Sent with Proton Mail</div></div><div '
        'class="protonmail_quote">On Sunday, November 22nd, 2026 at 10:15 AM, Alice &lt;a@b.example&gt; wrote:<br>'
        '<blockquote class="protonmail_quote" type="cite"><div>Coffee?</div></blockquote><div>At noon.</div></div>',
        "Yes.\n\nAt noon.",
    ),
    "zoho": (
        '<div>Yes.</div><div class="zmail_extra" id="zmail_extra_1"><div>---- On Sun, 22 Nov 2026 10:15:00 +0100 '
        "<b>Alice &lt;a@b.example&gt;</b> wrote ---</div><blockquote style='border-left:1px "
        "solid'>Coffee?</blockquote></div>",
        "Yes.",
    ),
    "yandex": (
        "<div>Да.</div><div>-- </div><div>Боб</div><div>22.11.2026, 10:15, &quot;Алиса&quot; &lt;a@b.example&gt;:</div>"
        "<blockquote><div>Кофе?</div></blockquote>",
        "Да.",
    ),
    "mail.ru": (
        "<div>Да.</div><blockquote style='border-left:1px solid #0857A6; margin:10px; padding:0 0 0 "
        "10px;'>Воскресенье, "
        "22 ноября 2026, 10:15 +03:00 от Алиса &lt;a@b.example&gt;:<br><div>Кофе?</div></blockquote>",
        "Да.",
    ),
    "zimbra": (
        f'<div>Yes.</div><hr id="zwchr" data-marker="__DIVIDER__"><div '
        f'data-marker="__HEADERS__">{HEAD}</div><div>Coffee?</div>',
        "Yes.",
    ),
    "roundcube": (
        '<p id="reply-intro">On 2026-11-22 10:15, Alice wrote:</p><blockquote '
        'type="cite"><div>Coffee?</div></blockquote>'
        "<p>Yes.</p>",
        "Yes.",
    ),
    "spark": (
        '<div name="messageBodySection">Yes.</div><div name="messageReplySection">On Nov 22, 2026, 10:15 +0100, Alice, '
        'wrote:<br><blockquote type="cite">Coffee?</blockquote></div>',
        "Yes.",
    ),
}


@pytest.mark.parametrize(("source", "words"), PROGRAMS.values(), ids=PROGRAMS)
def test_what_each_program_quotes_is_cut_and_told(source: str, words: str) -> None:
    found = own_words(to_text(source))
    assert found.own == words
    assert found.cut.strip()
    assert NOT_THEIRS not in found.cut


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("<blockquote>a quote I chose</blockquote><p>and like</p>", "a quote I chose\n\nand like"),
        ('<blockquote type="cite">only this</blockquote>', "only this"),
        ('<?xml version="1.0" encoding="utf-16"?><html><body>ok</body></html>', "ok"),
        ("<ul><li>one</li><li>two</li></ul>", "* one\n* two"),
        ("no markup at all", "no markup at all"),
        ("<p>unclosed <b>and <i>crossed</b> tags", "unclosed and crossed tags"),
        ("<div>" * 1500 + "deep", "deep"),
        ("<script>alert(1)</script><p>safe</p>", "safe"),
        ("<p>one</p><p>two<br>three</p>", "one\n\ntwo\nthree"),
        ("<table><tr><td>left</td><td>right</td></tr></table>", "left  right"),
        ("a<div style='display:none'>hidden</div>b", "ab"),
        ("<p>5 &lt; 6 &amp; 7&nbsp;&gt; 6 &euro;</p>", "5 < 6 & 7 > 6 €"),
        ("<!-- a note --><p>seen</p>", "seen"),
        ("<p>caf&eacute; &#9749; &#x1F600;</p>", "café ☕ 😀"),
        ("see <a href='https://birds.example/owl'>the owl</a>.", "see the owl <https://birds.example/owl>."),
        ("<a href='https://birds.example/'>https://birds.example</a>", "https://birds.example"),
        ("<a href='https://www.birds.example/'>Birds.example</a>", "Birds.example"),
        ("<a href='https://safe.example/?u=x'>https://birds.example</a>", "https://birds.example"),
        ("<a href='mailto:a@b.example'>Alice</a>", "Alice"),
        ("<a href='https://birds.example/'><img src='x'></a>seen", "seen"),
        (f"<a href='https://birds.example/{'x' * 400}'>far</a>", "far"),
        ("&#xFDD0;mine", "mine"),
        ("Great <img alt='😀' src='https://mail.example/1f600.png'> news", "Great 😀 news"),
        (
            "Great <img alt='👩‍🚀' data-emoji='👩‍🚀'><img alt='owl' src='cid:a'><img alt=''><img alt='Grüße'> news",
            "Great 👩‍🚀 news",
        ),
        ("<p>Great <span style='font-family:Wingdings'>J</span> news</p>", "Great 🙂 news"),
        ("<p>tea <span style='font-family: Wingdings; color:red'>&#61664;</span> cake, J</p>", "tea → cake, J"),
        ("<p style='font-family:Arial,Wingdings'>Jane, Karl and Lou come</p>", "Jane, Karl and Lou come"),
        ("\ufdd1mine\ufdd2", "mine"),
    ],
)
def test_markup_leaves_its_words(source: str, words: str) -> None:
    assert own_words(to_text(source)).own == words


def test_words_behind_a_hundred_kilobytes_of_styles_are_found() -> None:
    styles = (
        "<style>"
        + "p.MsoNormal {margin:0cm;}\n" * 6_000
        + "</style><!--[if gte mso 9]>"
        + "<xml/>" * 9_000
        + "<![endif]-->"
    )
    assert to_text(f"<html><head>{styles}</head><body><p>here</p></body></html>") == "here"


def test_pictures_are_known_by_where_they_are_shown() -> None:
    source = '<p>see <img src="cid:a@b"></p><p>Best regards<br>Bob<br><img src="cid:c@d"></p>'
    assert shown_in(source) == {"a@b", "c@d"}
    text = to_text(source, {"a@b": "\ufdd8", "c@d": "\ufdd9"})
    own = own_words(text).own
    assert "\ufdd8" in own
    assert "\ufdd9" not in own


@pytest.mark.parametrize(
    "source",
    [
        "<table><tr><td>" * 20_000,
        "<b>" * 60_000,
        "<table><tr>" + "<td>x" * 40_000,
        "<" * 200_000,
        "<script" * 30_000,
        "<!--" * 50_000,
        "&" * 200_000,
        "<a b=" * 40_000,
        "<style>" * 300_000,
        "<i>x</i>" * 1_000_000,
        "<div class=gmail_quote>" * 5_000 + "<blockquote>" * 1_000,
        "<blockquote type=cite>" * 5_000,
        "<div id=appendonsend>" * 4_000,
        "<p id=appendonsend></p>" * 4_000,
        "<ul>" * 25_000,
        "<pre>" * 20_000,
        "<img src=cid:a>" * 6_000,
        "<a href=http://a>" * 6_000,
        "",
    ],
    ids=lambda source: repr(source[:24]),
)
def test_hostile_markup_is_read_quickly(source: str) -> None:
    begun = time.process_time()
    own_words(to_text(source, {"a": "\ufdd8"}))
    assert time.process_time() - begun < 3


@given(st.text(alphabet=st.sampled_from("<>/abdivtrable=\"' &;!-\n\0\ufdd0\ufdd1\ufdd2")) | st.text())
def test_no_markup_makes_the_reader_fail(source: str) -> None:
    assert isinstance(own_words(to_text(source)).own, str)
