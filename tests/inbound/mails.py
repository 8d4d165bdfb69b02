"""Mails in the shapes that mail programs give them, and the words a person wrote in each."""

from dataclasses import dataclass

from inbound.mime import Letter, read
from inbound.mime_parts import parse


def letter(raw: bytes | str) -> Letter:
    """What a mail says, whose lines end as they may."""
    data = raw.encode() if isinstance(raw, str) else raw
    return read(parse(data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")))


@dataclass(frozen=True)
class Sample:
    """One text as a program sends it. ``answers`` when its subject says Re:."""

    name: str
    text: str
    words: str
    answers: bool = True


SAMPLES = [
    Sample(
        "gmail en",
        "See you at noon.\n\nOn Sun, Nov 22, 2026 at 10:15 AM alice via Testville <help@birds.example> wrote:\n\n"
        "> Coffee?\n> --\n> Reply to this mail\n",
        "See you at noon.",
    ),
    Sample(
        "gmail en, the introduction wrapped",
        "See you at noon.\n\nOn Sun, Nov 22, 2026 at 10:15 AM alice via Testville <\nhelp@birds.example> "
        "wrote:\n\n> Coffee?\n",
        "See you at noon.",
    ),
    Sample(
        "gmail de",
        "Bis gleich!\n\nAm So., 22. Nov. 2026 um 10:15 Uhr schrieb alice über Testville "
        "<\nhelp@birds.example>:\n\n> Kaffee?\n>\n",
        "Bis gleich!",
    ),
    Sample(
        "gmail fr",
        "À midi.\n\nLe dim. 22 nov. 2026 à 10:15, alice via Testville <help@birds.example> a\nécrit :\n\n> Café ?\n",
        "À midi.",
    ),
    Sample(
        "gmail es",
        "Nos vemos.\n\nEl dom, 22 nov 2026 a las 10:15, alice (<help@birds.example>)\nescribió:\n\n> ¿Café?\n",
        "Nos vemos.",
    ),
    Sample(
        "gmail ja",
        "了解です\n\n2026年11月22日(日) 10:15 alice <help@birds.example>:\n\n> コーヒー?\n",
        "了解です",
    ),
    Sample(
        "gmail, signature above the quote",
        "FOLLOW bob\n\n-- \nAlice Example\nHead of Birds\n\nOn Sun, Nov 22, 2026 at 10:15 AM x "
        "<help@birds.example> wrote:\n\n> Hi\n",
        "FOLLOW bob",
    ),
    Sample(
        "outlook en",
        "Fine with me.\n\nBest regards,\nBob Example\n\n________________________________\nFrom: alice "
        "<help@birds.example>\n"
        "Sent: Sunday, November 22, 2026 10:15 AM\nTo: Bob <bob@example.org>\nSubject: alice: Coffee?\n\nCoffee?\n",
        "Fine with me.",
    ),
    Sample(
        "outlook en, no divider, stars",
        "Fine with me.\n\n*From:* alice <help@birds.example>\n*Sent:* Sunday, November 22, 2026 10:15 AM\n*To:* Bob\n"
        "*Subject:* alice: Coffee?\n\nCoffee?\n",
        "Fine with me.",
    ),
    Sample(
        "outlook de",
        "Passt.\n\nMit freundlichen Grüßen\nBob Beispiel\n\nVon: alice <help@birds.example>\nGesendet: "
        "Sonntag, 22. November 2026"
        " 10:15\nAn: Bob\nBetreff: alice: Kaffee?\n\nKaffee?\n",
        "Passt.",
    ),
    Sample(
        "outlook fr",
        "D'accord.\n\nCordialement,\nBob\n\nDe : alice <help@birds.example>\nEnvoyé : dimanche 22 novembre 2026 10:15\n"
        "À : Bob\nObjet : Café ?\n\nCafé ?\n",
        "D'accord.",
    ),
    Sample(
        "outlook es",
        "Vale.\n\nDe: alice <help@birds.example>\nEnviado el: domingo, 22 de noviembre de 2026 10:15\nPara: Bob\n"
        "Asunto: ¿Café?\n\n¿Café?\n",
        "Vale.",
    ),
    Sample(
        "old outlook",
        "ok\n\n-----Original Message-----\nFrom: alice\nSent: Sunday\nTo: Bob\n\nCoffee?\n",
        "ok",
    ),
    Sample(
        "old outlook de",
        "ok\n\n-----Ursprüngliche Nachricht-----\nVon: alice\nGesendet: Sonntag\n\nKaffee?\n",
        "ok",
    ),
    Sample(
        "outlook phone",
        "On my way\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n________________________________\nFrom: alice\n"
        "Sent: Sunday\nTo: Bob\nSubject: x\n\nCoffee?\n",
        "On my way",
    ),
    Sample(
        "apple mail en",
        "Yes!\n\n> On 22 Nov 2026, at 10:15, alice <help@birds.example> wrote:\n> \n> Coffee?\n",
        "Yes!",
    ),
    Sample(
        "iphone en",
        "Yes!\n\nSent from my iPhone\n\n> On 22 Nov 2026, at 10:15, alice <help@birds.example> wrote:\n> \n> Coffee?\n",
        "Yes!",
    ),
    Sample(
        "iphone de",
        "Ja!\n\nVon meinem iPhone gesendet\n\n> Am 22.11.2026 um 10:15 schrieb alice <help@birds.example>:\n> "
        "\n> Kaffee?\n",
        "Ja!",
    ),
    Sample(
        "iphone fr",
        "Oui !\n\nEnvoyé de mon iPhone\n\n> Le 22 nov. 2026 à 10:15, alice a écrit :\n> \n> Café ?\n",
        "Oui !",
    ),
    Sample(
        "iphone es",
        "¡Sí!\n\nEnviado desde mi iPhone\n\n> El 22 nov 2026, a las 10:15, alice escribió:\n> \n> x\n",
        "¡Sí!",
    ),
    Sample(
        "thunderbird en",
        "On 22/11/2026 10:15, alice wrote:\n> Coffee?\n\nYes, at noon.\n\n-- \nBob\n",
        "Yes, at noon.",
    ),
    Sample(
        "thunderbird de",
        "Am 22.11.26 um 10:15 schrieb alice:\n> Kaffee?\nJa, um zwölf.\n\n-- \nBob\n",
        "Ja, um zwölf.",
    ),
    Sample("thunderbird fr", "Le 22/11/2026 à 10:15, alice a écrit :\n> Café ?\n\nOui.\n", "Oui."),
    Sample(
        "inline answers",
        "On 22/11/2026 10:15, alice wrote:\n> Coffee?\nYes.\n> Or tea?\nNo.\n> Bye\n",
        "Yes.\nNo.",
    ),
    Sample(
        "k-9",
        "Coming.\n-- \nSent from my Android device with K-9 Mail. Please excuse my brevity.",
        "Coming.",
    ),
    Sample(
        "k-9 with quote",
        "Coming.\n\nOn November 22, 2026 10:15:00 AM GMT+01:00, alice <help@birds.example> wrote:\n>Coffee?\n\n"
        "-- \nSent from my Android device with K-9 Mail. Please excuse my brevity.",
        "Coming.",
    ),
    Sample(
        "k-9 de",
        "Komme.\n\nDiese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.\n",
        "Komme.",
    ),
    Sample(
        "yahoo on android",
        "Sure.\n\nSent from Yahoo Mail on Android \n \n  On Sun, Nov 22, 2026 at 10:15 AM, Alice<alice@birds.example> "
        "wrote:   Coffee?\n\nAt the usual place.\n  \n",
        "Sure.",
    ),
    Sample(
        "yahoo on android de",
        "Klar.\n\nGesendet von Yahoo Mail auf Android \n \n  Am So., Nov. 22, 2026 at 10:15 schrieb "
        "Alice<alice@birds.example>:   Kaffee?\n",
        "Klar.",
    ),
    Sample(
        "a word, a colon, some spaces",
        "Write to alice@birds.example today:   she has tickets.\nBring a friend.",
        "Write to alice@birds.example today:   she has tickets.\nBring a friend.",
    ),
    Sample(
        "groupwise",
        'Fine.\n\n>>> "Alice Example" <alice@birds.example> 22.11.2026 10:15 >>>\nCoffee?\n\nAt noon?\n',
        "Fine.",
    ),
    Sample(
        "a company's signature de",
        "Die Führung beginnt um drei.\n\nMit freundlichen Grüßen\n\ni. A. Bob Beispiel\nLeiter Vogelschutz\n\n"
        "Vogelwarte Musterstadt GmbH\nAm Seeufer 12\n12345 Musterstadt\n\nTelefon: +49 30 1234567-89\n"
        "Telefax: +49 30 1234567-10\nE-Mail: bob@vogelwarte.example\nInternet: www.vogelwarte.example\n\n"
        "Sitz der Gesellschaft: Musterstadt, Amtsgericht Musterstadt, HRB 12345\nGeschäftsführerin: Dr. Eva Muster\n",
        "Die Führung beginnt um drei.",
        answers=False,
    ),
    Sample(
        "a framed signature ja",
        "三時に始まります。\n\n━━━━━━━━━━━━━━━━━━━━\n山田 太郎（やまだ たろう）\n株式会社 野鳥の会 東京支店\n"
        "〒100-0001 東京都千代田区1-1\n"
        "TEL: 03-1234-5678 / FAX: 03-1234-5679\nE-mail: taro@birds.example\n━━━━━━━━━━━━━━━━━━━━\n",
        "三時に始まります。",
        answers=False,
    ),
    Sample(
        "a framed signature of stars",
        "三時に始まります。\n\n☆★☆★☆★☆★☆★\n山田太郎\ntaro@birds.example\n☆★☆★☆★☆★☆★\n",
        "三時に始まります。",
        answers=False,
    ),
    *(
        Sample(f"what only looks framed {n}", text, text, answers=False)
        for n, text in enumerate(
            (
                "For tomorrow:\n----------\nAnna +49 30 1234567\nBen ben@birds.example\nCarl +49 30 7654321",
                "Part one\n==========\nThe owl.\n==========\nThe wren.",
                "-----------\nNews\n-----------\nWrite to us: news@birds.example\n"
                "or call +49 30 1234567, we are here until five.",
            )
        )
    ),
    Sample(
        "a list under a close",
        "Bring these:\n\nBest\nAlice\n\n1. the map, which you find in the drawer\n2. tea and some biscuits\n"
        "3. the long rope\n4. a whistle\n5. your good mood\n6. a torch for the way back\n7. and a coat",
        "Bring these:\n\nBest\nAlice\n\n1. the map, which you find in the drawer\n2. tea and some biscuits\n"
        "3. the long rope\n4. a whistle\n5. your good mood\n6. a torch for the way back\n7. and a coat",
        answers=False,
    ),
    *(
        Sample(f"an introduction of the kind of {line[:20]}", f"Ok.\n\n{line}\n> Coffee?\n", "Ok.")
        for line in (
            "søn. 22. nov. 2026 kl. 10:15 skrev Alice Example <alice@birds.example>:",
            "ne 22. 11. 2026 v 10:15 odesílatel Alice Example <alice@birds.example> napsal:",
            "su 22. marrask. 2026 klo 10.15 Alice Example (alice@birds.example) kirjoitti:",
            "ในวันที่ อา. 22 พ.ย. 2026 เวลา 10:15 Alice Example <alice@birds.example> เขียนว่า:",
            "\u202bفي الأحد، 22 نوفمبر 2026 في 10:15 ص تمت كتابة ما يلي بواسطة \u202aAlice\u202c\u200f "
            "<\u202aalice@birds.example\u202c\u200f>:\u202c",
            "\u202bבתאריך יום א׳, 22 בנוב׳ 2026 ב-10:15 מאת \u202aAlice\u202c\u200f <\u202aalice@birds.example"
            "\u202c\u200f>:\u202c",
            "Вы писали 22 ноября 2026 г., 10:15:15:",
            "Alice Example schrieb am 22.11.2026 um 10:15:",
        )
    ),
    Sample("android de", "Komme.\n\nGesendet von Outlook für Android", "Komme."),
    Sample("yahoo", "Sure.\n\nSent from Yahoo Mail for iPhone\n", "Sure."),
    Sample(
        "footer of a company",
        "Lunch is served.\n\n______________\nThis email and any attachments are confidential and intended "
        "solely for the\n"
        "addressee. If you have received it in error, delete it.\n",
        "Lunch is served.",
        answers=False,
    ),
    Sample("command and signature", "LEAVE bob\n\nThanks,\nAlice", "LEAVE bob", answers=False),
    Sample("paragraphs", "First.\n\nSecond.\n\n\n\n\nThird.\n", "First.\n\nSecond.\n\nThird.", answers=False),
    Sample("a list", "To buy:\n- milk\n- bread\n* tea\n", "To buy:\n- milk\n- bread\n* tea", answers=False),
    Sample("only a closing phrase", "Thanks!\n", "Thanks!", answers=False),
    Sample(
        "thanks in the middle",
        "Thanks,\nthat was a good talk and I learned a lot about birds and their migration.\n\nSecond paragraph.",
        "Thanks,\nthat was a good talk and I learned a lot about birds and their migration.\n\nSecond paragraph.",
        answers=False,
    ),
    Sample(
        "a sentence that ends in wrote",
        "On my birthday grandma wrote:\nhappy birthday",
        "On my birthday grandma wrote:\nhappy birthday",
        answers=False,
    ),
    Sample(
        "words like a header", "From: the kitchen\nlunch is ready", "From: the kitchen\nlunch is ready", answers=False
    ),
    Sample("begins with dashes", "-- \nAlice", "--\nAlice", answers=False),
    Sample("a divider between paragraphs", "one\n-----\ntwo", "one\n-----\ntwo", answers=False),
    Sample("only quoted, no answer", "> wise words\n> twice\n", "wise words\ntwice", answers=False),
    Sample("nothing but a quote in an answer", "On 22/11/2026 10:15, alice wrote:\n> Coffee?\n", ""),
    Sample("nothing but the phone's line", "\n\nSent from my iPhone\n", "", answers=False),
    Sample(
        "forwarded without a word",
        "---------- Forwarded message ---------\nFrom: Carol <carol@example.org>\nDate: Sun, Nov 22, 2026 at 9:00 AM\n"
        "Subject: news\nTo: <alice@example.org>\n\nThe owl is back.\n\nIt sits in the oak.\n",
        "The owl is back.\n\nIt sits in the oak.",
        answers=False,
    ),
    Sample(
        "forwarded with a word",
        "Look!\n\n---------- Forwarded message ---------\nFrom: Carol <carol@example.org>\n\nThe owl is back.\n",
        "Look!",
        answers=False,
    ),
]
