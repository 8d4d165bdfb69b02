"""Configuration: what is read from where, what is refused, and in which words."""

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.config import BadConfig, Config, load
from gateway.domain.types import Overflow
from gateway.settings import parse_duration


@pytest.fixture
def written(tmp_path):
    """Writes a config file and gives its path."""

    def write(text: str) -> Path:
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def problems(path: Path | None = None, environ: dict[str, str] | None = None) -> tuple[str, ...]:
    with pytest.raises(BadConfig) as refused:
        load(path, environ or {})
    return refused.value.problems


TWILIO = """
[site]
public_url = "https://birds.example"
[sms]
provider = "twilio"
[sms.twilio]
account_sid = "AC1"
auth_token = "secret one"
[[sms.senders]]
number = "+15550001111"
"""


def test_nothing_configured_is_every_default():
    assert load(None, {}) == Config()


def test_an_empty_file_is_every_default(written):
    assert load(written(""), {}) == Config()


def test_the_file_is_read(written):
    config = load(
        written("[site]\nname = 'Birds'\noverflow = 'split'\n[delivery]\nmax_age = '36h'\n[mail.inbound]\nport = 25"),
        {},
    )
    assert config.site.name == "Birds"
    assert config.site.overflow is Overflow.SPLIT
    assert config.delivery.max_age == timedelta(hours=36)
    assert config.mail.inbound.port == 25


def test_the_environment_wins_over_the_file(written):
    environ = {
        "BIRDWIRE_SITE__NAME": "From outside",
        "BIRDWIRE_SITE__PRIVATE": "true",
        "BIRDWIRE_MAIL__INBOUND__PORT": "2525",
        "BIRDWIRE_SMS__TWILIO__ACCOUNT_SID": "AC1",
        "BIRDWIRE_SMS__TWILIO__AUTH_TOKEN": "t",
        "BIRDWIRE_DELIVERY__LEASE": "1m 30s",
    }
    config = load(written("[site]\nname = 'Birds'\n[mail.inbound]\nport = 25"), environ)
    assert (config.site.name, config.site.private) == ("From outside", True)
    assert config.mail.inbound.port == 2525
    assert config.sms.twilio.auth_token == "t"
    assert config.delivery.lease == timedelta(seconds=90)


def test_a_lease_may_be_shorter_than_what_others_have_time_to_answer(written):
    """The worker waits no longer than it holds a delivery."""
    assert load(written("[delivery]\nlease = 5"), {}).delivery.lease == timedelta(seconds=5)


def test_a_key_of_sixteen_characters_is_long_enough(written):
    assert load(written("[site]\nsecret_key = '0123456789abcdef'"), {}).site.secret_key == "0123456789abcdef"


def test_rows_are_numbered_in_the_environment(written):
    environ = {
        "BIRDWIRE_SMS__SENDERS__0__SEGMENTS_PER_SECOND": "3",
        "BIRDWIRE_SMS__SENDERS__1__NUMBER": "12345",
        "BIRDWIRE_SMS__SENDERS__1__PROVIDER_HANDLES_KEYWORDS": "true",
    }
    config = load(written(TWILIO), environ)
    assert [(s.number, s.segments_per_second) for s in config.sms.senders] == [("+15550001111", 3.0), ("12345", 1.0)]
    assert config.site_for_services(b"k").provider_handles_keywords == {"12345"}


def test_rows_are_numbered_without_gaps():
    environ = {"BIRDWIRE_SMS__SENDERS__1__NUMBER": "12345"}
    assert "BIRDWIRE_SMS__SENDERS__0__... is missing, rows are numbered without gaps" in problems(None, environ)


@pytest.mark.parametrize("where", ["file", "environment"])
def test_a_secret_may_stand_in_a_file_of_its_own(written, tmp_path, where):
    secret = tmp_path / "token"
    secret.write_text("from a file\n")
    if where == "file":
        config = load(written(f"[sms.twilio]\naccount_sid = 'AC1'\nauth_token_file = '{secret}'"), {})
    else:
        config = load(written(TWILIO), {"BIRDWIRE_SMS__TWILIO__AUTH_TOKEN_FILE": str(secret)})
    assert config.sms.twilio.auth_token == "from a file"


@pytest.mark.parametrize(
    "section",
    ["site.secret_key", "store.url", "sms.twilio.auth_token", "sms.twilio.auth_token_next", "mail.outbound.password"],
)
def test_every_secret_has_a_file_form(section, tmp_path):
    variable = "BIRDWIRE_" + section.upper().replace(".", "__") + "_FILE"
    missing = tmp_path / "missing"
    assert (
        problems(None, {variable: str(missing)})[0]
        == f'{variable} = "{missing}" cannot be read: No such file or directory'
    )


def test_a_secret_given_twice_in_one_place_is_refused(written, tmp_path):
    (tmp_path / "token").write_text("b")
    path = written(f"[sms.twilio]\nauth_token = 'a'\nauth_token_file = '{tmp_path / 'token'}'")
    assert problems(path) == (
        "sms.twilio.auth_token and sms.twilio.auth_token_file are both given, one of them is enough",
    )


def test_an_empty_secret_file_is_refused(written, tmp_path):
    (tmp_path / "token").write_text("\n")
    assert "is an empty file" in problems(written(f"[site]\nsecret_key_file = '{tmp_path / 'token'}'"))[0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[site]\nregistraton = 'open'", "site.registraton is not a key, did you mean registration?"),
        ("[mail.inbound]\nports = 1", "mail.inbound.ports is not a key, did you mean port?"),
        ("[[sms.senders]]\nnumber = '12345'\nrate = 1", "sms.senders[0].rate is not a key"),
        ("[mial]\ndomain = 'x'", "mial is not a key, did you mean mail?"),
        ("[site]\nprivate = 'yes'", 'site.private = "yes" is not allowed, it must be true or false'),
        ("[web]\nport = '80'", 'web.port = "80" is not allowed, it must be a whole number'),
        ("[web]\nport = 99999", "web.port = 99999 is not allowed"),
        ("[web]\nhsts = '-1s'", "web.hsts"),
        ("[delivery]\nmax_age = 'soon'", 'delivery.max_age = "soon" is not allowed, it must be a length of time'),
        ("[delivery]\nkept = '6d'", "delivery.kept is too short"),
        ("[delivery]\nkept = '8d'\nmax_age = '9d'", "delivery.kept is too short"),
        ("site = 1", "site must be a section, [site]"),
        ("[sms]\nsenders = 1", "sms.senders must be an array of tables, [[sms.senders]]"),
        ("[[sms.senders]]\nsegments_per_second = 1", "sms.senders[0].number is missing"),
        ("[site]\ntime_zone = 'Mars'", 'site.time_zone = "Mars" is not a time zone'),
        ("[site]\npublic_url = 'birds.example'", 'site.public_url = "birds.example" is not allowed'),
        (
            "[site]\npublic_url = 'https://u:p@birds.example'",
            'site.public_url = "https://birds.example" is not allowed',
        ),
        ("[site]\nsecret_key = '0123456789abcde'", "site.secret_key is too short"),
        ("[delivery]\nlease = 0.5", "delivery.lease is too short"),
        ("[store]\nurl = 'mysql://h/d'", "store.url: mysql is not supported"),
        ("[[sms.senders]]\nnumber = '5551234567'", 'sms.senders[0].number = "5551234567" is not allowed'),
        (
            "[[sms.senders]]\nnumber = '123'\n[[sms.senders]]\nnumber = '123'",
            'sms.senders[1].number = "123" stands there',
        ),
        ("[sms]\ndefault_region = 'XX'", 'sms.default_region = "XX" is not a country'),
        ("[mail]\ndomain = 'a@b'", 'mail.domain = "a@b" is not a domain'),
        ("[mail.inbound]\ntls_cert = 'c.pem'", "mail.inbound.tls_cert and mail.inbound.tls_key belong together"),
        (
            "[mail.inbound]\nmax_spooled = 1000",
            "mail.inbound.max_spooled is too small, it must be at least mail.inbound.max_size",
        ),
        (
            "[mail.inbound]\nmax_in_hand = 1000",
            "mail.inbound.max_in_hand is too small, it must be at least three times",
        ),
        (
            "[mail.outbound]\ndkim_selector = 's'",
            "mail.outbound.dkim_key and mail.outbound.dkim_selector belong together",
        ),
        ("[mail.inbound]\nproxies = ['10.0.0.0/40']", 'mail.inbound.proxies: "10.0.0.0/40" is neither'),
        ("[mail.inbound]\nown_networks = ['mx']", 'mail.inbound.own_networks: "mx" is neither'),
        ("[mail.inbound]\ntls_port = 465", "mail.inbound.tls_port needs a certificate"),
        ("[mail.inbound]\nhost = '127.0.0.1,'", 'mail.inbound.host = "127.0.0.1," is not allowed'),
        ("[mail.inbound]\nhost = 'unix:'", 'mail.inbound.host = "unix:" is not allowed'),
        ("[mail.inbound]\nrecipients_per_minute = 50", "mail.inbound.recipients_per_minute is too small"),
        ("[mail.inbound]\ngreet_pause = 90", "mail.inbound.greet_pause = 90"),
        ("[mail.inbound]\nhost = '::1, 127.0.0.1'\nport = 8140", "mail.inbound.port = 8140 is already that of web"),
        ("[mail.outbound]\nroute = 'pigeon'", 'mail.outbound.route = "pigeon" is not allowed'),
        ("[mail.outbound]\nhostname = 'a b'", 'mail.outbound.hostname = "a b" is not a name'),
        ("[mail.outbound]\nsource_address = 'eth0'", 'mail.outbound.source_address = "eth0" is not an IP'),
        ("[[mail.outbound.relays]]\nport = 25", "mail.outbound.relays[0].host is missing"),
        ("[[mail.outbound.relays]]\nhost = 'a'\nusername = 'b'", "mail.outbound.relays[0].username and"),
        (
            "[mail.outbound]\nroute = 'mx'\n[[mail.outbound.relays]]\nhost = 'a'",
            'mail.outbound.relays are given, but mail.outbound.route = "mx" goes past them',
        ),
        ("[ops]\nport = 8140", "ops.port = 8140 is already that of web"),
        ("[limits]\nposts_per_hour = 0", "limits.posts_per_hour = 0 is not allowed, it must be from 1"),
        ("[site", "is not TOML"),
    ],
)
def test_what_is_wrong_is_named_with_what_is_allowed(written, text, problem):
    assert any(problem in found for found in problems(written(text)))


def test_all_problems_are_named_at_once(written):
    found = problems(written("[web]\nport = 'a'\n[site]\nname = 1\nfoo = 2"), {"BIRDWIRE_OPS__PORT": "b"})
    assert len(found) == 4


@pytest.mark.parametrize(
    "variable", ["BIRDWIRE_SITE__NAEM", "BIRDWIRE_SITE", "BIRDWIRE_NAME", "BIRDWIRE_SITE__NAME__X"]
)
def test_an_unknown_variable_is_refused(variable):
    assert f"{variable} is not a setting" in problems(None, {variable: "x"})[0]


def test_variables_that_a_platform_sets_are_left_alone():
    environ = {
        "BIRDWIRE_CONFIG": "x",
        "BIRDWIRE_SERVICE_HOST": "10.0.0.1",
        "BIRDWIRE_PORT_8140_TCP": "y",
        "BIRDWIRED": "z",
    }
    assert load(None, environ) == Config()


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert problems(tmp_path / "no.toml")[0].endswith("cannot be read: No such file or directory")


def test_secrets_are_never_put_into_words(written):
    for text in (
        "[sms.twilio]\nauth_token = ['hush']",
        "[site]\nsecret_key = 'hush'",
        "[store]\nurl = 'postgres//u:hush@h'",
        "[mail.outbound]\npassword = 'hush'",
        "[[mail.outbound.relays]]\nhost = 1\npassword = 'hush'",
    ):
        assert not any("hush" in problem for problem in problems(written(text)))


def test_secrets_are_not_in_the_repr(written):
    environ = {
        "BIRDWIRE_SITE__SECRET_KEY": "hush" * 10,
        "BIRDWIRE_STORE__URL": "postgresql://u:hush@h/d",
        "BIRDWIRE_SMS__TWILIO__AUTH_TOKEN": "hush",
        "BIRDWIRE_SMS__TWILIO__AUTH_TOKEN_NEXT": "hush",
        "BIRDWIRE_MAIL__OUTBOUND__USERNAME": "me",
        "BIRDWIRE_MAIL__OUTBOUND__PASSWORD": "hush",
        "BIRDWIRE_MAIL__OUTBOUND__RELAYS__0__HOST": "relay.example",
        "BIRDWIRE_MAIL__OUTBOUND__RELAYS__0__USERNAME": "me",
        "BIRDWIRE_MAIL__OUTBOUND__RELAYS__0__PASSWORD": "hush",
    }
    assert "hush" not in repr(load(written(TWILIO), environ))


@pytest.mark.parametrize("left_out", ["account_sid", "auth_token", "public_url", "number"])
def test_twilio_needs_credentials_a_sender_and_an_address(written, left_out):
    lines = [line for line in TWILIO.splitlines() if not line.startswith(left_out)]
    if left_out == "number":
        lines.remove("[[sms.senders]]")
    assert any("is missing" in p or "are missing" in p for p in problems(written("\n".join(lines))))


def test_the_site_knows_what_the_services_need(written):
    site = load(
        written(TWILIO + "[mail]\ndomain = 'birds.example'\n[limits]\nposts_per_hour = 7"), {}
    ).site_for_services(b"k")
    assert (site.public_url, site.mail_domain, site.number) == (
        "https://birds.example",
        "birds.example",
        "+15550001111",
    )
    assert site.limits.posts_per_hour == 7


def test_the_site_speaks_a_language_that_is_there(written):
    site = load(written("[site]\nlanguage = 'de'"), {}).site_for_services(b"k")
    assert [site.languages.of(code).code for code in (None, "en")] == ["de", "en"]
    assert problems(written("[site]\nlanguage = 'tlh'")) == (
        'site.language = "tlh" is not there, it must be one of en, de',
    )


def test_without_a_public_url_the_site_is_where_the_web_listens(written):
    assert load(None, {}).public_url == "http://127.0.0.1:8140"
    assert load(written("[web]\nhost = '::1'\nport = 80"), {}).public_url == "http://[::1]:80"
    assert load(written("[site]\npublic_url = 'https://b.example/'"), {}).public_url == "https://b.example"
    assert load(written("[site]\npublic_url = 'HTTPS://b.example'"), {}).public_url == "https://b.example"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("15m", 900),
        ("2h", 7200),
        ("2d", 172800),
        ("1w", 604800),
        ("1h 30m", 5400),
        ("0.5s", 0.5),
        (90, 90),
        ("90", 90),
    ],
)
def test_durations_are_readable(text, seconds):
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "s", "2 fortnights", "-1s", -1, True, "1h and 5m", None])
def test_other_durations_are_refused(text):
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


# ---- Kannel, SMPP, and senders of several providers

KANNEL = {
    "BIRDWIRE_SMS__PROVIDER": "kannel",
    "BIRDWIRE_SMS__SENDERS__0__NUMBER": "+15550001111",
    "BIRDWIRE_SMS__KANNEL__USERNAME": "birds",
    "BIRDWIRE_SMS__KANNEL__PASSWORD": "p",
    "BIRDWIRE_SMS__KANNEL__HOOK_SECRET": "a-long_secret-1234",
}
SMPP = {
    "BIRDWIRE_SMS__SENDERS__1__NUMBER": "12345",
    "BIRDWIRE_SMS__SENDERS__1__PROVIDER": "smpp",
    "BIRDWIRE_SMS__SMPP__HOST": "smpp.example.net",
    "BIRDWIRE_SMS__SMPP__SYSTEM_ID": "birds",
    "BIRDWIRE_SMS__SMPP__PASSWORD": "p",
}


def test_each_number_has_the_provider_that_it_names_or_else_the_one_of_all():
    config = load(None, {**KANNEL, **SMPP})
    assert config.sms.in_use() == {"kannel", "smpp"}
    assert [config.sms.provider_of(number) for number in config.sender_names()] == ["kannel", "smpp"]


def test_where_kannel_calls_holds_the_secret():
    assert load(None, KANNEL).kannel_url == "http://127.0.0.1:8140/hooks/kannel/a-long_secret-1234"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"BIRDWIRE_SMS__KANNEL__HOOK_SECRET": "short"}, "sms.kannel.hook_secret is not allowed"),
        ({"BIRDWIRE_SMS__KANNEL__HOOK_SECRET": ""}, "one of them says which calls are Kannel's"),
        ({"BIRDWIRE_SMS__KANNEL__ALLOWED_ADDRESSES": "127.0.0.1,nowhere"}, '"nowhere" is neither'),
        ({"BIRDWIRE_SMS__KANNEL__PASSWORD": ""}, "sms.kannel.username or password is missing"),
        ({"BIRDWIRE_SMS__KANNEL__SENDSMS_URL": "kannel"}, "sms.kannel.sendsms_url"),
        ({"BIRDWIRE_SMS__SENDERS__0__PROVIDER": "smpp"}, "sms.smpp.host is missing"),
        ({"BIRDWIRE_SMS__PROVIDER": "none", "BIRDWIRE_SMS__SENDERS__0__PROVIDER": "kannel"}, "there are no texts"),
        ({**SMPP, "BIRDWIRE_SMS__SMPP__SOURCE_TON": "-2"}, "sms.smpp.source_ton = -2"),
    ],
)
def test_what_the_carriers_settings_contradict_is_said(changes, words):
    with pytest.raises(BadConfig) as bad:
        load(None, {**KANNEL, **changes})
    assert any(words in problem for problem in bad.value.problems), bad.value.problems
    assert not any("a-long_secret" in problem for problem in bad.value.problems)
