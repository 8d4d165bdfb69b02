"""What mail programs write round a person's words, language by language."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Language:
    """``says`` are a person's own words, in two paragraphs, and ``answer`` a second answer further down.

    ``introductions``  the line above a quote, as different programs write it.
    ``heads``          what Outlook and its kin write above the older mail.
    ``titles``         what stands above a forwarded mail, or an original one, without its headers.
    ``phones``         the last line of phones and apps.
    ``closings``       how people close, with their name.
    ``footers``        what a company's lawyers add.
    """

    name: str
    says: str
    answer: str
    introductions: tuple[str, ...]
    heads: tuple[str, ...]
    titles: tuple[str, ...]
    phones: tuple[str, ...]
    closings: tuple[str, ...]
    footers: tuple[str, ...]


LANGUAGES = [
    Language(
        name="English",
        says="See you at noon.\n\nBring the map: we will need it.",
        answer="No, at one.",
        introductions=(
            "On Sunday 22 November 2026 10:15:00 CET Alice Example wrote:",
            "Alice Example (alice@birds.example) wrote on 22/11/2026 10:15:",
            "On Sun, Nov 22, 2026 at 10:15 AM Alice Example <alice@birds.example> wrote:",
            "On 22 Nov 2026, at 10:15, Alice Example <alice@birds.example> wrote:",
            "On 22/11/2026 10:15, Alice Example wrote:",
            "On Sunday, November 22, 2026, 10:15:00 AM GMT+1, Alice Example <alice@birds.example> wrote:",
            "On Sunday, November 22nd, 2026 at 10:15 AM, Alice Example <alice@birds.example> wrote:",
            'At 2026-11-22 10:15:00, "Alice Example" <alice@birds.example> wrote:',
            "--- On Sun, 11/22/26, Alice Example <alice@birds.example> wrote:",
        ),
        heads=(
            "From: Alice Example <alice@birds.example>\nSent: Sunday, November 22, 2026 10:15 AM\n"
            "To: Bob Example <bob@example.org>\nCc: Carol <carol@example.org>\nSubject: Coffee?",
            "*From:* Alice Example <alice@birds.example>\n*Sent:* Sunday, November 22, 2026 10:15 AM\n"
            "*To:* Bob Example\n*Subject:* Coffee?",
            "From: Alice Example <alice@birds.example>\nDate: Sunday, 22 November 2026 at 10:15\n"
            "To: Bob Example <bob@example.org>, Carol Example <carol@example.org>,\n    Dan Example <dan@example.org>\n"
            "Subject: Coffee?",
        ),
        titles=(
            "-----Original Message-----",
            "-------- Original message --------",
            "---------- Forwarded message ---------",
            "Begin forwarded message:",
        ),
        phones=(
            "[Sent from Yahoo Mail on Android](https://go.onelink.example/107872968?pid=InProduct&c=Global)",
            "Sent from my iPhone <https://apps.example/x>",
            "Sent from my iPhone",
            "Sent from my Galaxy",
            "Sent from my Samsung Galaxy smartphone.",
            "Get Outlook for iOS<https://aka.ms/o0ukef>",
            "Get Outlook for Android",
            "Sent from Mail for Windows",
            "Sent from Yahoo Mail on Android",
            "Sent with Proton Mail secure email.",
            "Sent from my Android device with K-9 Mail. Please excuse my brevity.",
        ),
        closings=(
            "Best regards,\nBob Example",
            "Kind regards\nBob Example\nHead of Birds\n+1 555 0100",
            "Cheers,\nBob",
            "Thanks,\nBob",
            "-- \nBob Example\nhttps://birds.example",
            "--\nBob",
            "Best regards, Bob",
        ),
        footers=(
            "This email and any attachments are confidential and intended solely for the addressee. If you have\n"
            "received it in error, please delete it.",
            "CONFIDENTIALITY NOTICE: the contents of this email message and any attachments are intended solely for\n"
            "the addressee(s) and may contain confidential and/or privileged information.",
            "Please consider the environment before printing this email.",
            "Disclaimer: The information in this message is confidential and may be legally privileged.",
        ),
    ),
    Language(
        name="German",
        says="Bis heute Mittag.\n\nBring die Karte mit: wir brauchen sie.",
        answer="Nein, um eins.",
        introductions=(
            "Am So., 22. Nov. 2026 um 10:15 Uhr schrieb Alice Beispiel <alice@birds.example>:",
            "Am 22.11.2026 um 10:15 schrieb Alice Beispiel <alice@birds.example>:",
            "Am 22.11.26 um 10:15 schrieb Alice Beispiel:",
            "Alice Beispiel <alice@birds.example> schrieb am So., 22. Nov. 2026, 10:15:",
            "Am Sonntag, 22. November 2026, 10:15:00 MEZ hat Alice Beispiel <alice@birds.example> Folgendes "
            "geschrieben:",
        ),
        heads=(
            "Von: Alice Beispiel <alice@birds.example>\nGesendet: Sonntag, 22. November 2026 10:15\n"
            "An: Bob Beispiel <bob@example.org>\nBetreff: Kaffee?",
            'Gesendet: Sonntag, 22. November 2026 um 10:15 Uhr\nVon: "Alice Beispiel" <alice@birds.example>\n'
            "An: bob@example.org\nBetreff: Kaffee?",
            "Von: Alice Beispiel <alice@birds.example>\nDatum: Sonntag, 22. November 2026 um 10:15\n"
            "An: Bob Beispiel <bob@example.org>\nCc: Carola <carola@example.org>\nBetreff: Kaffee?",
        ),
        titles=(
            "-----Ursprüngliche Nachricht-----",
            "-------- Originalnachricht --------",
            "-------- Weitergeleitete Nachricht --------",
            "---------- Weitergeleitete Nachricht ---------",
            "Anfang der weitergeleiteten Nachricht:",
        ),
        phones=(
            "Von meinem/meiner Galaxy gesendet",
            "Von meinem Samsung Gerät gesendet.",
            "Mit der Telekom Mail App gesendet",
            "Mobil gesendet",
            "Outlook für Android beziehen<https://aka.ms/x>",
            "Von meinem iPhone gesendet",
            "Von meinem Samsung Galaxy Smartphone gesendet.",
            "Gesendet von Outlook für Android",
            "Gesendet von Mail für Windows 10",
            "Outlook für iOS beziehen",
            "Holen Sie sich Outlook für Android",
            "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
            "Gesendet mit der mobilen Mail App",
            "Diese E-Mail wurde von Avast-Antivirussoftware auf Viren geprüft.",
        ),
        closings=(
            "Mit freundlichen Grüßen\nBob Beispiel",
            "Viele Grüße,\nBob",
            "LG\nBob",
            "Liebe Grüße, Bob",
            "MfG\nBob Beispiel",
            "-- \nBob Beispiel\nVogelwarte",
        ),
        footers=(
            "Diese E-Mail enthält vertrauliche und/oder rechtlich geschützte Informationen. Wenn Sie nicht der\n"
            "richtige Adressat sind, informieren Sie bitte den Absender.",
            "Der Inhalt dieser E-Mail ist ausschließlich für den bezeichneten Adressaten bestimmt.",
            "Bitte denken Sie an die Umwelt, bevor Sie diese E-Mail ausdrucken.",
        ),
    ),
    Language(
        name="French",
        says="À midi.\n\nApporte la carte : on en aura besoin.",
        answer="Non, à une heure.",
        introductions=(
            "Le dim. 22 nov. 2026 à 10:15, Alice Exemple <alice@birds.example> a écrit :",
            "Le 22 nov. 2026 à 10:15, Alice Exemple <alice@birds.example> a écrit :",
            "Le 22/11/2026 à 10:15, Alice Exemple a écrit :",
            "Le dimanche 22 novembre 2026 à 10:15:00 UTC+1, Alice Exemple <alice@birds.example> a écrit :",
        ),
        heads=(
            "De : Alice Exemple <alice@birds.example>\nEnvoyé : dimanche 22 novembre 2026 10:15\n"
            "À : Bob Exemple <bob@example.org>\nObjet : Café ?",
            "De : Alice Exemple <alice@birds.example>\nDate : dimanche, 22 novembre 2026 à 10:15\nÀ : Bob\nObjet : "
            "Café ?",
            "De: Alice Exemple <alice@birds.example>\nEnvoyé: dimanche 22 novembre 2026 10:15\nÀ: Bob\nCc: "
            "Carole\nObjet: Café",
        ),
        titles=(
            "-----Message d'origine-----",
            "-------- Message original --------",
            "---------- Message transféré ----------",
            "-------- Message transféré --------",
            "Début du message réexpédié :",
            "Début du message transféré :",
        ),
        phones=(
            "Envoyé de mon iPhone",
            "Envoyé depuis mon smartphone Samsung Galaxy.",
            "Envoyé à partir de Outlook pour Android",
            "Télécharger Outlook pour iOS",
            "Envoyé de mon téléphone Orange",
            "Provenance : Courrier pour Windows 10",
        ),
        closings=(
            "Cordialement,\nBob Exemple",
            "Bien cordialement\nBob Exemple",
            "Bonne journée,\nBob",
            "Merci,\nBob",
            "-- \nBob Exemple",
            "Amicalement, Bob",
        ),
        footers=(
            "Ce message et toutes les pièces jointes sont confidentiels et établis à l'intention exclusive de leur\n"
            "destinataire.",
            "Cet e-mail est destiné exclusivement à son destinataire et peut contenir des informations "
            "confidentielles.",
            "Avant d'imprimer cet e-mail, pensez à l'environnement.",
        ),
    ),
    Language(
        name="Spanish",
        says="Nos vemos a mediodía.\n\nTrae el mapa: lo vamos a necesitar.",
        answer="No, a la una.",
        introductions=(
            "El dom, 22 nov 2026 a las 10:15, Alicia Ejemplo (<alice@birds.example>) escribió:",
            "El 22 nov 2026, a las 10:15, Alicia Ejemplo <alice@birds.example> escribió:",
            "El 22/11/2026 a las 10:15, Alicia Ejemplo escribió:",
            "El domingo, 22 de noviembre de 2026, 10:15:00 CET, Alicia <alice@birds.example> escribió:",
        ),
        heads=(
            "De: Alicia Ejemplo <alice@birds.example>\nEnviado: domingo, 22 de noviembre de 2026 10:15\n"
            "Para: Bob Ejemplo <bob@example.org>\nAsunto: ¿Café?",
            "De: Alicia Ejemplo\nEnviado el: domingo, 22 de noviembre de 2026 10:15\nPara: Bob\nCC: Carla\nAsunto: "
            "¿Café?",
            "De: Alicia Ejemplo <alice@birds.example>\nFecha: domingo, 22 de noviembre de 2026, 10:15\nPara: "
            "Bob\nAsunto: Café",
        ),
        titles=(
            "-----Mensaje original-----",
            "-------- Mensaje original --------",
            "---------- Mensaje reenviado ---------",
            "Inicio del mensaje reenviado:",
        ),
        phones=(
            "Enviado desde mi iPhone",
            "Enviado desde mi Samsung Mobile de Movistar",
            "Enviado desde Outlook para Android",
            "Obtener Outlook para iOS",
            "Enviado desde Correo para Windows 10",
            "Enviado desde Yahoo Mail con Android",
        ),
        closings=(
            "Saludos,\nBob Ejemplo",
            "Un cordial saludo\nBob Ejemplo",
            "Atentamente,\nBob Ejemplo",
            "Muchas gracias,\nBob",
            "-- \nBob Ejemplo",
            "Un abrazo, Bob",
        ),
        footers=(
            "Este mensaje y sus archivos adjuntos van dirigidos exclusivamente a su destinatario y pueden contener\n"
            "información confidencial.",
            "La información contenida en este correo electrónico es confidencial.",
            "AVISO LEGAL: Este mensaje puede contener información confidencial de la empresa.",
            "Antes de imprimir este mensaje, piense en el medio ambiente.",
        ),
    ),
    Language(
        name="Portuguese",
        says="Até ao meio-dia.\n\nTraz o mapa: vamos precisar dele.",
        answer="Não, à uma.",
        introductions=(
            "Alice Exemplo (alice@birds.example) escreveu em 22/11/2026 10:15:",
            "Em dom., 22 de nov. de 2026 às 10:15, Alice Exemplo <alice@birds.example> escreveu:",
            "Em 22/11/2026 10:15, Alice Exemplo escreveu:",
            "No dia 22/11/2026, às 10:15, Alice Exemplo <alice@birds.example> escreveu:",
            "Alice Exemplo <alice@birds.example> escreveu (domingo, 22/11/2026 à(s) 10:15):",
            "Em domingo, 22 de novembro de 2026 10:15:00 BRT, Alice Exemplo <alice@birds.example> escreveu:",
        ),
        heads=(
            "De: Alice Exemplo <alice@birds.example>\nEnviado: domingo, 22 de novembro de 2026 10:15\n"
            "Para: Bob Exemplo <bob@example.org>\nAssunto: Café?",
            "De: Alice Exemplo\nEnviada em: domingo, 22 de novembro de 2026 10:15\nPara: Bob\nCc: Carla\nAssunto: "
            "Café?",
            "De: Alice Exemplo <alice@birds.example>\nData: domingo, 22 de novembro de 2026 às 10:15\nPara: "
            "Bob\nAssunto: Café",
        ),
        titles=(
            "-----Mensagem original-----",
            "-------- Mensagem original --------",
            "---------- Forwarded message ---------",
            "-------- Mensagem encaminhada --------",
            "Início da mensagem reencaminhada:",
        ),
        phones=(
            "Enviado do meu iPhone",
            "Enviado do meu Galaxy",
            "Enviado via iPhone",
            "Enviado do Outlook para Android",
            "Obter o Outlook para iOS",
            "Enviado do Yahoo Mail para iPhone",
        ),
        closings=(
            "Atenciosamente,\nBob Exemplo",
            "Att.,\nBob Exemplo",
            "Com os melhores cumprimentos,\nBob Exemplo",
            "Abraços,\nBob",
            "Obrigado,\nBob",
            "-- \nBob Exemplo",
        ),
        footers=(
            "Esta mensagem, incluindo seus anexos, pode conter informações confidenciais e é destinada exclusivamente\n"
            "ao destinatário.",
            "As informações contidas neste e-mail são confidenciais e destinadas apenas ao seu destinatário.",
            "Antes de imprimir, pense no meio ambiente. Imprima apenas se for necessário.",
        ),
    ),
    Language(
        name="Italian",
        says="Ci vediamo a mezzogiorno.\n\nPorta la mappa: ci servirà.",
        answer="No, all'una.",
        introductions=(
            "Il giorno dom 22 nov 2026 alle ore 10:15 Alice Esempio <alice@birds.example> ha scritto:",
            "Il giorno 22 nov 2026, alle ore 10:15, Alice Esempio <alice@birds.example> ha scritto:",
            "Il 22/11/2026 10:15, Alice Esempio ha scritto:",
            "Il domenica 22 novembre 2026 alle ore 10:15:00 CET, Alice Esempio <alice@birds.example> ha scritto:",
        ),
        heads=(
            "Da: Alice Esempio <alice@birds.example>\nInviato: domenica 22 novembre 2026 10:15\n"
            "A: Bob Esempio <bob@example.org>\nOggetto: Caffè?",
            "Da: Alice Esempio <alice@birds.example>\nData: domenica, 22 novembre 2026 10:15\nA: Bob\nCc: "
            "Carla\nOggetto: Caffè?",
        ),
        titles=(
            "-----Messaggio originale-----",
            "-------- Messaggio originale --------",
            "---------- Messaggio inoltrato ---------",
            "-------- Messaggio Inoltrato --------",
            "Inizio messaggio inoltrato:",
        ),
        phones=(
            "Inviato da iPhone",
            "Inviato dal mio iPad",
            "Inviato dal mio dispositivo Samsung",
            "Inviato da Outlook per Android",
            "Scarica Outlook per iOS",
            "Inviato da Libero Mail per Android",
        ),
        closings=(
            "Cordiali saluti,\nBob Esempio",
            "Distinti saluti\nBob Esempio",
            "A presto,\nBob",
            "Grazie mille,\nBob",
            "-- \nBob Esempio",
            "Un caro saluto, Bob",
        ),
        footers=(
            "Questo messaggio e gli eventuali allegati sono strettamente riservati e destinati esclusivamente al\n"
            "destinatario.",
            "Le informazioni contenute nella presente comunicazione sono riservate e destinate solo al destinatario.",
            "Ai sensi del Regolamento UE 2016/679 si precisa che le informazioni contenute in questo messaggio sono "
            "riservate.",
            "Prima di stampare questa e-mail, pensa all'ambiente e a quanto ti serve.",
        ),
    ),
    Language(
        name="Dutch",
        says="Tot vanmiddag.\n\nNeem de kaart mee: die hebben we nodig.",
        answer="Nee, om één uur.",
        introductions=(
            "Op zo 22 nov 2026 om 10:15 schreef Alice Voorbeeld <alice@birds.example>:",
            "Op 22 nov. 2026 om 10:15 heeft Alice Voorbeeld <alice@birds.example> het volgende geschreven:",
            "Op 22-11-2026 om 10:15 schreef Alice Voorbeeld:",
            "Op zondag 22 november 2026 om 10:15:00 CET schreef Alice Voorbeeld <alice@birds.example>:",
        ),
        heads=(
            "Van: Alice Voorbeeld <alice@birds.example>\nVerzonden: zondag 22 november 2026 10:15\n"
            "Aan: Bob Voorbeeld <bob@example.org>\nOnderwerp: Koffie?",
            "Van: Alice Voorbeeld <alice@birds.example>\nDatum: zondag 22 november 2026 om 10:15\nAan: Bob\nCC: Carla\n"
            "Onderwerp: Koffie?",
        ),
        titles=(
            "-----Oorspronkelijk bericht-----",
            "-------- Origineel bericht --------",
            "---------- Forwarded message ---------",
            "-------- Doorgestuurd bericht --------",
            "Begin doorgestuurd bericht:",
        ),
        phones=(
            "Verstuurd vanaf mijn iPhone",
            "Verzonden vanaf mijn Samsung Galaxy-smartphone.",
            "Verzonden via Outlook voor Android",
            "Outlook voor iOS downloaden",
            "Download Outlook voor Android",
            "Verstuurd met Proton Mail beveiligde e-mail.",
        ),
        closings=(
            "Met vriendelijke groet,\nBob Voorbeeld",
            "Groetjes,\nBob",
            "Mvg,\nBob",
            "Alvast bedankt,\nBob",
            "-- \nBob Voorbeeld",
            "Hartelijke groeten, Bob",
        ),
        footers=(
            "Dit bericht kan vertrouwelijke informatie bevatten en is uitsluitend bestemd voor de geadresseerde.",
            "De informatie verzonden met dit e-mailbericht is uitsluitend bestemd voor de geadresseerde.",
            "Denk aan het milieu voordat u deze e-mail print, en bespaar papier.",
        ),
    ),
    Language(
        name="Swedish",
        says="Vi ses klockan tolv.\n\nTa med kartan: vi behöver den.",
        answer="Nej, klockan ett.",
        introductions=(
            "Den sön 22 nov. 2026 kl 10:15 skrev Alice Exempel <alice@birds.example>:",
            "22 nov. 2026 kl. 10:15 skrev Alice Exempel <alice@birds.example>:",
            "Den 2026-11-22 kl. 10:15, skrev Alice Exempel:",
            "På söndag, november 22, 2026, 10:15:00 fm CET skrev Alice Exempel <alice@birds.example>:",
        ),
        heads=(
            "Från: Alice Exempel <alice@birds.example>\nSkickat: den 22 november 2026 10:15\n"
            "Till: Bob Exempel <bob@example.org>\nÄmne: Kaffe?",
            "Från: Alice Exempel <alice@birds.example>\nDatum: söndag 22 november 2026 10:15\nTill: Bob\nKopia: "
            "Carla\nÄmne: Kaffe?",
        ),
        titles=(
            "-----Ursprungligt meddelande-----",
            "-------- Originalmeddelande --------",
            "---------- Forwarded message ---------",
            "-------- Vidarebefordrat meddelande --------",
            "Vidarebefordrat brev:",
        ),
        phones=(
            "Skickat från min iPhone",
            "Skickat från min Samsung Galaxy smartphone.",
            "Skickat från Outlook för Android",
            "Hämta Outlook för iOS",
            "Skickat med Proton Mail säker e-post.",
        ),
        closings=(
            "Med vänliga hälsningar\nBob Exempel",
            "Mvh\nBob",
            "Hälsningar,\nBob",
            "Tack på förhand,\nBob",
            "-- \nBob Exempel",
            "Vänliga hälsningar, Bob",
        ),
        footers=(
            "Detta e-postmeddelande är konfidentiellt och endast avsett för den angivna mottagaren.",
            "Informationen i detta meddelande är konfidentiell och endast avsedd för mottagaren.",
            "Tänk på miljön innan du skriver ut det här meddelandet.",
        ),
    ),
    Language(
        name="Polish",
        says="Do zobaczenia w południe.\n\nWeź mapę: będzie nam potrzebna.",
        answer="Nie, o pierwszej.",
        introductions=(
            "niedz., 22 lis 2026 o 10:15 Alicja Przykład <alice@birds.example> napisał(a):",
            "W dniu 22.11.2026 o 10:15, Alicja Przykład pisze:",
            "Wiadomość napisana przez Alicja Przykład <alice@birds.example> w dniu 22.11.2026, o godz. 10:15:",
            "W dniu niedziela, 22 listopada 2026 10:15:00 CET użytkownik Alicja <alice@birds.example> napisał:",
        ),
        heads=(
            "Od: Alicja Przykład <alice@birds.example>\nWysłano: niedziela, 22 listopada 2026 10:15\n"
            "Do: Bob Przykład <bob@example.org>\nTemat: Kawa?",
            "Od: Alicja Przykład <alice@birds.example>\nData: niedziela, 22 listopada 2026 10:15\nDo: Bob\nDW: "
            "Karolina\nTemat: Kawa?",
        ),
        titles=(
            "-----Wiadomość oryginalna-----",
            "-------- Oryginalna wiadomość --------",
            "---------- Forwarded message ---------",
            "-------- Przekazana wiadomość --------",
        ),
        phones=(
            "Pobierz aplikację Outlook dla systemu iOS",
            "Wysłane z iPhone'a",
            "Wysłano z iPhone'a",
            "Wysłane z mojego telefonu Samsung Galaxy",
            "Wysłane z programu Outlook dla systemu Android",
            "Pobierz Outlook dla Androida",
            "Wysłane za pomocą bezpiecznej poczty Proton Mail.",
        ),
        closings=(
            "Pozdrawiam,\nBob Przykład",
            "Z poważaniem\nBob Przykład",
            "Serdecznie pozdrawiam\nBob",
            "Dzięki,\nBob",
            "-- \nBob Przykład",
            "Pozdrawiam, Bob",
        ),
        footers=(
            "Niniejsza wiadomość zawiera informacje poufne i jest przeznaczona wyłącznie dla adresata.",
            "Treść tej wiadomości jest poufna i przeznaczona wyłącznie dla jej adresata.",
            "Zanim wydrukujesz tę wiadomość, pomyśl o środowisku naturalnym.",
        ),
    ),
    Language(
        name="Russian",
        says="Увидимся в полдень.\n\nВозьми карту: она нам понадобится.",
        answer="Нет, в час.",
        introductions=(
            "вс, 22 нояб. 2026 г. в 10:15, Алиса Пример <alice@birds.example>:",
            "22 нояб. 2026 г., в 10:15, Алиса Пример <alice@birds.example> написал(а):",
            "22.11.2026 10:15, Алиса Пример пишет:",
            '22.11.2026, 10:15, "Алиса Пример" <alice@birds.example>:',
            "Воскресенье, 22 ноября 2026, 10:15 +03:00 от Алиса Пример <alice@birds.example>:",
        ),
        heads=(
            "От: Алиса Пример <alice@birds.example>\nОтправлено: 22 ноября 2026 г. 10:15\n"
            "Кому: Боб Пример <bob@example.org>\nТема: Кофе?",
            "От: Алиса Пример <alice@birds.example>\nДата: воскресенье, 22 ноября 2026 г. в 10:15\nКому: Боб\nКопия: "
            "Карина\n"
            "Тема: Кофе?",
        ),
        titles=(
            "-------- Исходное сообщение --------",
            "-------- Пересылаемое сообщение --------",
            "---------- Forwarded message ---------",
            "Начало переадресованного сообщения:",
        ),
        phones=(
            "Отправлено от Samsung Mobile",
            "Отправлено с iPhone",
            "Отправлено с моего iPad",
            "Отправлено из мобильной Яндекс Почты",
            "Отправлено из мобильной Почты Mail",
            "Отправлено со смартфона Samsung Galaxy.",
            "Загрузить Outlook для iOS",
        ),
        closings=(
            "С уважением,\nБоб Пример",
            "Всего доброго,\nБоб",
            "Спасибо,\nБоб",
            "-- \nС уважением,\nБоб Пример",
            "--\nБоб Пример",
            "С уважением, Боб",
        ),
        footers=(
            "Настоящее сообщение содержит конфиденциальную информацию и предназначено исключительно для адресата.",
            "Это электронное сообщение и любые вложения конфиденциальны и предназначены только для адресата.",
            "Подумайте об окружающей среде, прежде чем печатать это письмо.",
        ),
    ),
    Language(
        name="Chinese",
        says="中午见。\n\n请带上地图：我们会用到。",
        answer="不，一点。",
        introductions=(
            "Alice <alice@birds.example> 于2026年11月22日周日 10:15写道：",
            "Alice <alice@birds.example> 於 2026年11月22日 週日 上午10:15寫道：",
            "在 2026年11月22日，10:15，Alice <alice@birds.example> 写道：",
            '在 2026-11-22 10:15:00，"Alice" <alice@birds.example> 写道：',
            "2026年11月22日 10:15，Alice <alice@birds.example> 写道：",
            "在 2026/11/22 10:15, Alice 写道:",
        ),
        heads=(
            "发件人: Alice <alice@birds.example>\n发送时间: 2026年11月22日 10:15\n收件人: Bob <bob@example.org>\n主题: "
            "咖啡？",
            "发件人：Alice <alice@birds.example>\n日期：2026年11月22日 星期日 "
            "10:15\n收件人：Bob\n抄送：Carol\n主题：咖啡？",
            "寄件者: Alice <alice@birds.example>\n寄件日期: 2026年11月22日 上午 10:15\n收件者: Bob\n主旨: 咖啡？",
        ),
        titles=(
            "------------------ 原始邮件 ------------------",
            "------------------\xa0原始邮件\xa0------------------",
            "-----邮件原件-----",
            "---------- 转发的邮件 ---------",
            "-------- 转发的消息 --------",
            "---- 回复的原邮件 ----",
        ),
        phones=(
            "下载适用于 iOS 的 Outlook",
            "透過我的 Galaxy 傳送",
            "取得 iOS 版 Outlook",
            "从 Windows 版邮件发送",
            "发自我的iPhone",
            "发自我的小米手机",
            "從我的 iPhone 傳送",
            "从我的华为手机发送",
            "获取 Outlook for iOS",
            "发自网易邮箱大师",
        ),
        closings=("此致\n敬礼\n王小明", "祝好！\n王小明", "-- \n王小明\n鸟类观察站"),
        footers=(
            "本邮件及其附件含有公司的保密信息，仅限于发送给上面地址中列出的个人或群组。禁止任何其他人以任何形式使用本邮件中的信息。",
            "保密提示：此邮件及其附件可能包含机密信息，仅供指定的收件人使用。如果您不是指定的收件人，请立即通知发件人并删除此邮件。",
        ),
    ),
    Language(
        name="Japanese",
        says="お昼に会いましょう。\n\n地図を持ってきてください：必要になります。",
        answer="いいえ、一時に。",
        introductions=(
            "2026年11月22日(日) 10:15 Alice <alice@birds.example>:",
            "2026/11/22 10:15、Alice <alice@birds.example>のメール:",
            "2026/11/22 10:15, Alice wrote:",
            "On 2026/11/22 10:15, Alice wrote:",
        ),
        heads=(
            "差出人: Alice <alice@birds.example>\n送信日時: 2026年11月22日 10:15\n宛先: Bob <bob@example.org>\n件名: "
            "コーヒー?",
            "差出人：Alice\n送信日時：2026年11月22日 10:15\n宛先：Bob\nCC：Carol\n件名：コーヒー?",
        ),
        titles=(
            "-----元のメッセージ-----",
            "-------- 元のメッセージ --------",
            "---------- Forwarded message ---------",
            "-------- 転送メッセージ --------",
        ),
        phones=(
            "iPhoneから送信",
            "私のGalaxyから送信",
            "Outlook for iOS を入手",
            "Yahoo!メールのアプリから送信",
            "iOS 版 Outlook を入手<https://aka.ms/x>",
        ),
        closings=("よろしくお願いいたします。\n山田太郎", "敬具\n山田太郎", "-- \n山田太郎\n野鳥の会"),
        footers=(
            "このメールには機密情報が含まれている場合があります。意図された受信者でない場合は、直ちに削除してください。送信者にもご連絡ください。",
        ),
    ),
]
