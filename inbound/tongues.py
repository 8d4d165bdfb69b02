"""What mail programs, phones and lawyers put into mails around a person's words, in the languages people write.

Phrases are as they are shown, in any case, a stroke between two; ``…`` stands for anything. What is done with them
is in ``inbound.quotes``.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """One language.

    ``opens``      how a line begins that introduces a quote: ``On Monday … wrote:``.
    ``wrote``      the word in such a line that says that somebody wrote.
    ``from_``, ``sent``, ``to``, ``subject``, ``other``  the headers of an older mail, as programs write them above it.
    ``titles``     what stands between dashes above an older or forwarded mail; ``begins``: what stands there alone.
    ``devices``    the last line of phones, apps and virus scanners.
    ``regards``    how people close, with their name below, beside it, or without one.
    ``thanks``     what is only a close with a name below, and words like others without.
    ``footers``    how the paragraph of a company's lawyers begins, if one of the ``footed`` words is in it.
    ``answers``    what stands before the subject of an answer.
    """

    opens: str = ""
    wrote: str = ""
    from_: str = ""
    sent: str = ""
    to: str = ""
    subject: str = ""
    other: str = ""
    titles: str = ""
    begins: str = ""
    devices: str = ""
    regards: str = ""
    thanks: str = ""
    footers: str = ""
    footed: str = ""
    answers: str = ""

    def phrases(self, kind: str) -> list[str]:
        """Those of one kind, which is the name of a field."""
        return [phrase.strip() for phrase in str(getattr(self, kind)).split(" / ") if phrase.strip()]


ENGLISH = Tongue(
    opens="on / at / quoting",
    wrote="wrote / writes / written",
    from_="from / sender",
    sent="sent / date / sent at",
    to="to / cc / bcc",
    subject="subject",
    other="reply-to / importance / attachments / priority / organization / resent-from",
    titles="original message / original email / original e-mail / forwarded message / forwarded by / reply message",
    begins="begin forwarded message / forwarded message / start of forwarded message",
    devices=(
        "sent from … / sent via … / sent with … / sent using … / sent by my … / get outlook for … / "
        "get bluemail for … / get the all-new … / download outlook for … / please excuse my brevity / "
        "please excuse my brevity… / please excuse any typos / virus-free. www.… / virus-free.www.… / "
        "this email has been checked for viruses by … / this e-mail has been checked for viruses by … / "
        "this email was scanned by …"
    ),
    regards=(
        "best / best regards / best wishes / kind regards / kindest regards / warm regards / warmest regards / "
        "with best regards / with kind regards / regards / all the best / sincerely / sincerely yours / yours / "
        "yours sincerely / yours truly / yours faithfully / respectfully / br / kr / rgds"
    ),
    thanks=(
        "cheers / take care / thanks / thank you / many thanks / thanks a lot / thanks again / thanks in advance / thx"
    ),
    footers=(
        "this email / this e-mail / this message / this mail / this communication / this transmission / "
        "this electronic message / the information in this / the information contained / "
        "the information transmitted / the contents of this / the content of this / "
        "information contained in this / if you are not the intended / if you have received this / disclaimer: / "
        "disclaimer - / confidential: / confidential notice / confidentiality notice / confidentiality: / "
        "confidentiality note / legal notice / legal disclaimer / important notice / privileged and confidential / "
        "please consider the environment / please think of the environment / think before you print / save paper / "
        "to unsubscribe from this / you received this message because you are subscribed / you are receiving this"
    ),
    footed=(
        "confidential / privileged / intended for / intended solely / intended only / intended recipient / "
        "intended exclusively / solely for / disclaimer / legal notice / important notice / environment / print / "
        "unsubscribe / subscribed"
    ),
    answers="re",
)

GERMAN = Tongue(
    opens="am / vom",
    wrote="schrieb / schreibt / geschrieben",
    from_="von / absender",
    sent="gesendet / datum / gesendet am",
    to="an / kopie / blindkopie",
    subject="betreff / thema",
    other="antwort an / wichtigkeit / priorität / anlagen",
    titles=(
        "ursprüngliche nachricht / ursprüngliche mail / urspr. nachricht / originalnachricht / "
        "original-nachricht / original nachricht / weitergeleitete nachricht / weitergeleitet von / "
        "weitergeleitete mail"
    ),
    begins="anfang der weitergeleiteten nachricht / anfang der weitergeleiteten e-mail / weitergeleitete nachricht",
    devices=(
        "von meinem … gesendet / von meiner … gesendet / von meinem/meiner … gesendet / mobil gesendet / "
        "mit der … app gesendet / von unterwegs gesendet / vom … gesendet / "
        "von samsung … gesendet / von yahoo … gesendet / von outlook … gesendet / von mail … gesendet / "
        "von gmail … gesendet / gesendet von … / gesendet mit … / diese nachricht wurde von … gesendet / "
        "diese nachricht wurde mit … gesendet / diese e-mail wurde von … gesendet / "
        "diese e-mail wurde von avast… / diese e-mail wurde von … auf viren geprüft… / "
        "holen sie sich outlook für … / outlook für … beziehen / outlook für … herunterladen / "
        "outlook für … abrufen / bitte entschuldigen sie die kürze… / bitte entschuldigen sie meine kürze… / "
        "bitte entschuldige die kürze… / virenfrei. www.… / virenfrei.www.…"
    ),
    regards=(
        "mit freundlichen grüßen / mit freundlichem gruß / mit freundlichen gruessen / mit besten grüßen / "
        "mit herzlichen grüßen / mit lieben grüßen / freundliche grüße / freundlicher gruß / viele grüße / "
        "viele liebe grüße / vielen gruß / liebe grüße / lieben gruß / lieber gruß / liebe gruesse / beste grüße / "
        "besten gruß / schöne grüße / schönen gruß / herzliche grüße / herzlichen gruß / herzlich / gruß / grüße / "
        "hochachtungsvoll / lg / mfg / vg / bg / hg"
    ),
    thanks=(
        "bis bald / danke / vielen dank / danke schön / dankeschön / danke im voraus / vielen dank im voraus / "
        "besten dank"
    ),
    footers=(
        "diese e-mail / diese email / diese mail / diese nachricht / diese information / der inhalt dieser / "
        "die information in dieser / die informationen in dieser / die in dieser e-mail / die in dieser email / "
        "dieses e-mail / hinweis: diese / vertraulichkeitshinweis / rechtlicher hinweis / wichtiger hinweis / "
        "haftungsausschluss / bitte denken sie an die umwelt / bitte prüfen sie, ob / denken sie an die umwelt / "
        "denk an die umwelt / der umwelt zuliebe / wenn sie nicht der richtige adressat / sollten sie nicht der / "
        "falls sie nicht der"
    ),
    footed=(
        "vertraulich / bestimmt / adressat / empfänger / rechtlich / wichtiger hinweis / haftungsausschluss / "
        "umwelt / ausdruck / drucken"
    ),
    answers="aw / antw / antwort",
)

FRENCH = Tongue(
    opens="le / en date du",
    wrote="écrit / ecrit / écrivait",
    from_="de / expéditeur",
    sent="envoyé / date / envoyé le",
    to="à / cc / cci / pour / destinataire",
    subject="objet / sujet",
    other="répondre à / importance / pièces jointes",
    titles=(
        "message d'origine / message d’origine / message original / mail original / mail transféré / "
        "message transféré / courriel original / message transmis / transféré par"
    ),
    begins="début du message réexpédié / début du message transféré / début du message transmis",
    devices=(
        "envoyé de … / envoyé depuis … / envoyé avec … / envoyé à partir de … / envoyé à partir d’… / "
        "envoyé à partir d'… / envoyé d'… / envoyé via … / télécharger outlook pour … / "
        "téléchargez outlook pour … / obtenir outlook pour … / obtenez outlook pour … / provenance : courrier … / "
        "provenance : … / veuillez excuser ma brièveté… / sans virus.… / garanti sans virus. … / "
        "cet e-mail a été vérifié par …"
    ),
    regards=(
        "cordialement / bien cordialement / très cordialement / bien à vous / bien à toi / amicalement / amitiés / "
        "salutations / sincères salutations / meilleures salutations / cordiales salutations / "
        "salutations distinguées / sincèrement / respectueusement / bises / bisous / cdlt / cdt"
    ),
    thanks=(
        "à bientôt / bonne soirée / bonne journée / merci / merci beaucoup / merci d'avance / merci d’avance / "
        "merci par avance / grand merci"
    ),
    footers=(
        "ce message / ce courriel / ce courrier / cet e-mail / cet email / ce mail / le contenu de ce / "
        "les informations contenues / l'information contenue / l’information contenue / avis de confidentialité / "
        "mention légale / mentions légales / avertissement / pensez à l'environnement / pensez à l’environnement / "
        "avant d'imprimer / avant d’imprimer / n'imprimez ce / n’imprimez ce"
    ),
    footed=(
        "confidentiel / confidentialité / destiné / destinataire / exclusif / légale / avertissement / "
        "environnement / imprim"
    ),
    answers="rép / rep",
)

SPANISH = Tongue(
    opens="el / con fecha",
    wrote="escribió / escribio / escrito / escribe",
    from_="de / remitente",
    sent="enviado / enviado el / enviada el / fecha / enviados",
    to="para / cc / cco / a",
    subject="asunto",
    other="responder a / importancia / adjuntos",
    titles="mensaje original / mensaje reenviado / correo original / reenviado por / mensaje enviado",
    begins="inicio del mensaje reenviado / comienzo del mensaje reenviado / mensaje reenviado",
    devices=(
        "enviado desde … / enviado con … / enviado mediante … / obtener outlook para … / obtenga outlook para … / "
        "descargar outlook para … / descarga outlook para … / disculpe la brevedad… / libre de virus. … / "
        "libre de virus.…"
    ),
    regards=(
        "saludos / un saludo / saludos cordiales / un cordial saludo / cordiales saludos / cordialmente / "
        "un abrazo / abrazos / un fuerte abrazo / atentamente / atte / sinceramente / besos / slds"
    ),
    thanks="hasta pronto / gracias / muchas gracias / gracias de antemano / mil gracias",
    footers=(
        "este mensaje / este correo / este e-mail / este email / la información contenida / "
        "la información incluida / el contenido de este / el presente mensaje / el presente correo / aviso legal / "
        "aviso de confidencialidad / advertencia legal / nota de confidencialidad / antes de imprimir / "
        "piense en el medio ambiente / no imprima este"
    ),
    footed=(
        "confidencial / dirigido / destinatario / exclusiv / aviso legal / advertencia legal / medio ambiente / "
        "medioambiente / imprim"
    ),
    answers="re / resp",
)

PORTUGUESE = Tongue(
    opens="em / no dia / a",
    wrote="escreveu / escreve",
    from_="de / remetente",
    sent="enviado / enviada / enviado em / enviada em / data / enviado a",
    to="para / cc / cco",
    subject="assunto",
    other="responder a / responder para / importância / anexos",
    titles=(
        "mensagem original / mensagem encaminhada / mensagem reencaminhada / e-mail original / encaminhado por / "
        "mensagem de origem"
    ),
    begins=(
        "início da mensagem reencaminhada / início da mensagem encaminhada / início de mensagem reencaminhada / "
        "mensagem encaminhada"
    ),
    devices=(
        "enviado do … / enviado da … / enviado de … / enviado via … / enviado pelo … / enviado a partir do … / "
        "enviado através … / enviado com … / obter o outlook para … / obtenha o outlook para … / "
        "baixar o outlook para … / livre de vírus. … / livre de vírus.… / sem vírus. …"
    ),
    regards=(
        "atenciosamente / att / abraço / abraços / um abraço / grande abraço / cumprimentos / "
        "melhores cumprimentos / com os melhores cumprimentos / saudações / cordialmente / beijos / beijinhos"
    ),
    thanks="até breve / obrigado / obrigada / muito obrigado / muito obrigada / desde já obrigado / grato / grata",
    footers=(
        "esta mensagem / este e-mail / este email / esta comunicação / as informações contidas / "
        "a informação contida / o conteúdo desta / o conteúdo deste / aviso legal / aviso de confidencialidade / "
        "antes de imprimir / pense no meio ambiente"
    ),
    footed="confidencia / destinada / destinado / destinatário / exclusiv / aviso legal / ambiente / imprim",
    answers="res / resp",
)

ITALIAN = Tongue(
    opens="il / il giorno / in data / il dì",
    wrote="scritto / scrive / scrisse",
    from_="da / mittente",
    sent="inviato / data / inviato il / inviata",
    to="a / cc / ccn / per / destinatario",
    subject="oggetto",
    other="rispondi a / priorità / allegati",
    titles="messaggio originale / messaggio inoltrato / messaggio originario / inoltrato da / email originale",
    begins="inizio messaggio inoltrato / inizio del messaggio inoltrato",
    devices=(
        "inviato da … / inviato dal … / inviato dalla … / inviato con … / inviato tramite … / inviata da … / "
        "ottieni outlook per … / scarica outlook per … / privo di virus.… / privo di virus. …"
    ),
    regards=(
        "cordiali saluti / distinti saluti / cari saluti / saluti / un saluto / un caro saluto / tanti saluti / "
        "cordialmente / un abbraccio / baci"
    ),
    thanks=(
        "ciao / buona serata / buona giornata / a presto / grazie / grazie mille / molte grazie / grazie in anticipo / "
        "tante grazie"
    ),
    footers=(
        "questo messaggio / questa e-mail / questa email / questa comunicazione / la presente e-mail / "
        "il presente messaggio / le informazioni contenute / il contenuto di questa / "
        "il contenuto della presente / ai sensi del / avviso di riservatezza / nota di riservatezza / "
        "prima di stampare"
    ),
    footed="riservat / confidenzial / destinat / privacy / 2016/679 / 196/2003 / stampa / ambiente",
    answers="r / rif / ris",
)

DUTCH = Tongue(
    opens="op",
    wrote="schreef / geschreven / schrijft",
    from_="van / afzender",
    sent="verzonden / datum / verstuurd / verzonden op",
    to="aan / cc / bcc",
    subject="onderwerp",
    other="antwoord aan / urgentie / bijlagen",
    titles=(
        "oorspronkelijk bericht / origineel bericht / oorspronkelijke bericht / doorgestuurd bericht / "
        "doorgestuurd door / originele bericht"
    ),
    begins="begin doorgestuurd bericht / begin van doorgestuurd bericht",
    devices=(
        "verzonden vanaf … / verzonden met … / verzonden via … / verzonden vanuit … / verstuurd vanaf … / "
        "verstuurd met … / verstuurd via … / verstuurd vanuit … / outlook voor … downloaden / "
        "download outlook voor … / outlook voor … ophalen / virusvrij. www.… / virusvrij.www.…"
    ),
    regards=(
        "met vriendelijke groet / met vriendelijke groeten / vriendelijke groet / vriendelijke groeten / "
        "met hartelijke groet / hartelijke groet / hartelijke groeten / groeten / groet / groetjes / hoogachtend / "
        "mvg / gr"
    ),
    thanks="bedankt / dank je / dank je wel / dank u / alvast bedankt / bij voorbaat dank",
    footers=(
        "dit bericht / dit e-mailbericht / deze e-mail / deze email / deze mail / dit mailbericht / "
        "de informatie in dit / de informatie verzonden / de inhoud van dit / de inhoud van deze / disclaimer / "
        "denk aan het milieu / bespaar papier"
    ),
    footed="vertrouwelijk / bestemd / geadresseerde / uitsluitend / disclaimer / milieu / papier / print",
    answers="antw",
)

SWEDISH = Tongue(
    opens="den / på",
    wrote="skrev / skriver / skrivit",
    from_="från / avsändare",
    sent="skickat / datum / skickades",
    to="till / kopia / hemlig kopia",
    subject="ämne",
    other="svara till / prioritet / bilagor",
    titles=(
        "ursprungligt meddelande / originalmeddelande / vidarebefordrat meddelande / vidarebefordrat mail / "
        "vidarebefordrat av / vidarebefordrat brev"
    ),
    begins="vidarebefordrat brev / vidarebefordrat meddelande / början på vidarebefordrat meddelande",
    devices=(
        "skickat från … / skickat med … / skickat via … / skickades från … / hämta outlook för … / "
        "skaffa outlook för … / virusfritt. www.… / virusfri.www.…"
    ),
    regards=(
        "med vänliga hälsningar / med vänlig hälsning / vänliga hälsningar / vänlig hälsning / bästa hälsningar / "
        "hälsningar / hälsning / många hälsningar / allt gott / mvh / vh / hälsar"
    ),
    thanks="tack / tack så mycket / tack på förhand / tusen tack / tackar",
    footers=(
        "detta e-postmeddelande / detta meddelande / detta mail / denna e-post / informationen i detta / "
        "innehållet i detta / tänk på miljön"
    ),
    footed="konfidentiell / sekretess / avsett / avsedd / mottagare / miljön / skriv",
    answers="sv",
)

POLISH = Tongue(
    opens="w dniu / dnia / wiadomość napisana przez / w wiadomości",
    wrote="napisał / napisała / napisał(a) / napisał/a / pisze / pisał / napisano / napisana",
    from_="od / nadawca",
    sent="wysłano / wysłane / wysłany / data / wysłana",
    to="do / dw / udw",
    subject="temat",
    other="odpowiedz do / ważność / załączniki",
    titles=(
        "oryginalna wiadomość / wiadomość oryginalna / pierwotna wiadomość / przekazana wiadomość / "
        "wiadomość przekazana / przesłana wiadomość / treść przekazanej wiadomości / "
        "treść oryginalnej wiadomości / forwarded message"
    ),
    begins="początek przekazywanej wiadomości / początek przekazanej wiadomości / wiadomość przekazana dalej",
    devices=(
        "wysłane z … / wysłano z … / wysłane za pomocą … / wysłano za pomocą … / wysłane przez … / "
        "pobierz outlook dla … / pobierz aplikację outlook … / pobierz program outlook … / "
        "uzyskaj aplikację outlook … / wolne od wirusów. … / "
        "wolny od wirusów. …"
    ),
    regards=(
        "pozdrawiam / pozdrawiam serdecznie / serdecznie pozdrawiam / pozdrowienia / z pozdrowieniami / "
        "z poważaniem / z wyrazami szacunku / łączę pozdrowienia / wszystkiego dobrego / pzdr"
    ),
    thanks="do zobaczenia / dziękuję / dzięki / dziękuję bardzo / z góry dziękuję / dziękujemy / wielkie dzięki",
    footers=(
        "ta wiadomość / niniejsza wiadomość / niniejszy e-mail / treść tej wiadomości / treść niniejszej / "
        "informacje zawarte w / ten e-mail / klauzula poufności / zanim wydrukujesz / pomyśl o środowisku"
    ),
    footed="poufn / przeznaczon / adresat / wyłącznie / środowisk / wydruk",
    answers="odp / odpowiedź",
)

RUSSIAN = Tongue(
    opens="в / от / дата / on",
    wrote="написал / написала / написал(а) / пишет / писал / писала / писали / написали / пишут",
    from_="от / отправитель / от кого",
    sent="отправлено / дата / послано / отправлен",
    to="кому / копия / скрытая копия",
    subject="тема",
    other="ответить / важность / вложения",
    titles=(
        "исходное сообщение / оригинальное сообщение / первоначальное сообщение / пересылаемое сообщение / "
        "пересланное сообщение / перенаправленное сообщение / переадресованное сообщение / "
        "завершение пересылаемого сообщения / конец пересылаемого сообщения"
    ),
    begins="начало переадресованного сообщения / начало пересылаемого сообщения / пересылаемое сообщение",
    devices=(
        "отправлено с … / отправлено от … / послано с … / отправлено из … / отправлено через … / "
        "отправлено со … / скачать outlook для … / "
        "загрузить outlook для … / получить outlook для … / без вирусов. … / без вирусов.…"
    ),
    regards=(
        "с уважением / с наилучшими пожеланиями / с наилучшими / всего доброго / всего хорошего / "
        "всего наилучшего / с приветом / искренне ваш / обнимаю"
    ),
    thanks="до встречи / спасибо / большое спасибо / заранее спасибо / благодарю",
    footers=(
        "это сообщение / это письмо / это электронное / данное сообщение / данное письмо / данное электронное / "
        "настоящее сообщение / настоящее письмо / настоящее электронное / содержание данного / "
        "информация, содержащаяся / конфиденциальность / подумайте об окружающей / прежде чем распечатать"
    ),
    footed="конфиденциальн / предназначен / адресат / исключительно / окружающей / печат",
    answers="отв / ответ",
)

CHINESE = Tongue(
    opens="在 / 于 / 於 / at",
    wrote="写道 / 寫道 / 写到 / 撰写 / 撰寫 / 写了",
    from_="发件人 / 寄件者 / 寄件人 / 發件人 / 发信人",
    sent="发送时间 / 发件时间 / 日期 / 时间 / 寄件日期 / 傳送時間 / 已傳送 / 發送時間 / 时 间 / 傳送日期",
    to="收件人 / 收件者 / 抄送 / 副本 / 密送 / 抄送人",
    subject="主题 / 主旨 / 主題 / 标题",
    other="附件 / 重要性 / 回复 / 回覆至",
    titles=(
        "原始邮件 / 原始信息 / 原始郵件 / 原邮件 / 邮件原件 / 转发的消息 / 转发邮件信息 / 转发的邮件 / 转发邮件 / "
        "已转发邮件 / 回复的原邮件 / 回复的邮件 / 回复邮件 / 轉寄的郵件 / 轉寄郵件 / 轉寄的訊息 / 原始訊息 / "
        "原始信件 / 回覆的原郵件 / forwarded message"
    ),
    begins="下面是被转发的邮件 / 以下是转发的邮件 / 開始轉寄郵件 / 开始转发的邮件 / 轉寄的郵件",
    devices=(
        "发自我的… / 发自… / 從我的…傳送 / 从我的…发送 / 寄自我的… / 寄件自我的… / 自我的…傳送 / 從我的…發送 / "
        "来自我的… / 传送自我的… / 傳送自… / 使用…发送 / 取得适用于…的outlook / 获取 outlook for … / "
        "获取适用于…的outlook / 获取适用于…的 outlook / 下载适用于…的 outlook / 下載適用於…的 outlook / "
        "取得 outlook for … / 下載 outlook for … / 取得…版 outlook / 透過我的…傳送 / "
        "来自 windows …邮件 / 从…邮件发送 / 发送自 windows … / "
        "签名由…定制 / | 签名由… / |签名由…"
    ),
    regards=(
        "此致 / 敬礼 / 此致敬礼 / 祝好 / 顺祝商祺 / 顺颂商祺 / 敬上 / 敬啟 / 顺祝 / 祝商祺 / 祝 好 / 順頌商祺 / "
        "此致 敬禮"
    ),
    thanks="谢谢 / 谢谢! / 謝謝 / 多谢 / 非常感谢 / 感谢",
    footers=(
        "本邮件 / 此邮件 / 该邮件 / 本電子郵件 / 本电子邮件 / 此电子邮件 / 此電子郵件 / 本信件 / 此信件 / 本郵件 / "
        "保密声明 / 保密提示 / 免责声明 / 免責聲明 / 重要提示 / 打印前请 / 请考虑环境"
    ),
    footed="保密 / 机密 / 機密 / 收件人 / 收件者 / 免责 / 免責 / 仅供 / 僅供 / 打印 / 环境 / 重要提示 / 仅限 / 僅限",
    answers="回复 / 答复 / 回覆 / 回復 / 答覆",
)

JAPANESE = Tongue(
    wrote="のメール / 書きました / さんは書きました / さんからのメール / wrote / は書いた / が書きました",
    from_="差出人 / 送信者 / from",
    sent="送信日時 / 日付 / 日時 / 送信日 / 送信日付",
    to="宛先 / cc / to",
    subject="件名",
    other="重要度 / 添付ファイル / 返信先",
    titles=(
        "元のメッセージ / オリジナルメッセージ / 元のメール / 転送メッセージ / 転送されたメッセージ / 転送メール / "
        "転送されたメール / original message / forwarded message"
    ),
    begins="転送されたメッセージ / 転送されたメール / 以下、転送されたメールです",
    devices=(
        "…から送信 / …から送信されました / …から送りました / …より送信 / outlook for … を入手 / "
        "outlook for … を入手する / outlook for …を入手 / …版 outlook を入手 / ウイルス フリー。…"
    ),
    regards=(
        "敬具 / 草々 / 以上 / よろしくお願いします / よろしくお願いいたします / よろしくお願い致します / "
        "宜しくお願いします / 宜しくお願いいたします / 宜しくお願い致します / 以上、よろしくお願いいたします / "
        "以上、よろしくお願いします / どうぞよろしくお願いいたします"
    ),
    footers=(
        "このメール / 本メール / この電子メール / 本電子メール / このメッセージ / 当メール / 【機密 / 【秘密 / "
        "【注意】 / 機密保持"
    ),
    footed="機密 / 秘密 / 意図 / 受信者 / 宛先以外 / 受取人 / 名宛人 / 印刷",
    answers="返信",
)

DANISH_AND_NORWEGIAN = Tongue(
    opens="den / på / d. / kl.",
    wrote="skrev / skriver",
    from_="fra / afsender / avsender",
    sent="sendt / dato",
    to="til / kopi / kopi til",
    subject="emne",
    titles=(
        "oprindelig meddelelse / original meddelelse / videresendt meddelelse / videresendt besked / "
        "opprinnelig melding / videresendt melding / oprindelig besked"
    ),
    begins="start på videresendt besked / videresendt besked / videresendt melding / starten av videresendt melding",
    devices=(
        "sendt fra … / sendt med … / sendt via … / hent outlook til … / skaff deg outlook for … / "
        "få outlook til … / virusfri. www.… / virusfri.www.…"
    ),
    regards=(
        "med venlig hilsen / venlig hilsen / de bedste hilsner / bedste hilsner / mange hilsner / "
        "med vennlig hilsen / vennlig hilsen / beste hilsen / hilsen / hilsner / kh / vh / mvh"
    ),
    thanks="tak / mange tak / takk / tusen takk / på forhånd tak",
    footers="denne e-mail / denne mail / denne e-posten / denne e-post / denne meddelelse / denne meldingen",
    footed="fortrolig / konfidensiel / beregnet / tiltænkt / modtager / mottaker",
    answers="sv / vs",
)

FINNISH = Tongue(
    wrote="kirjoitti / kirjoittaa / lähetti",
    from_="lähettäjä",
    sent="lähetetty / päivämäärä / päiväys",
    to="vastaanottaja / kopio",
    subject="aihe",
    titles="alkuperäinen viesti / välitetty viesti / edelleenlähetetty viesti / edelleen lähetetty viesti",
    begins="välitetty viesti alkaa / välitetty viesti",
    devices=(
        "lähetetty iphone… / lähetetty ipad… / lähetetty android… / lähetetty samsung… / lähetetty laitteesta … / "
        "hanki outlook …"
    ),
    regards="ystävällisin terveisin / terveisin / parhain terveisin / terveiset",
    thanks="hyvää päivänjatkoa / kiitos / kiitos etukäteen / kiitoksia",
    footers="tämä viesti / tämä sähköposti / tässä viestissä",
    footed="luottamuksel / tarkoitettu / vastaanottaja",
    answers="vs / vast",
)

CZECH_AND_SLOVAK = Tongue(
    opens="dne / dňa",
    wrote="napsal / napsala / napsal(a) / napísal / napísala / napísal(a) / píše",
    from_="od / odesílatel",
    sent="odesláno / datum / dátum / odoslané",
    to="komu / kopie / kópia / pre",
    subject="předmět / predmet",
    titles="původní zpráva / přeposlaná zpráva / pôvodná správa / preposlaná správa / původní e-mail",
    begins="začátek přeposlané zprávy / začiatok preposlanej správy",
    devices="odesláno z … / odesláno ze … / odoslané z … / získat outlook pro … / získajte outlook pre …",
    regards="s pozdravem / s pozdravom / s přátelským pozdravem / zdraví / s úctou",
    thanks="hezký den / děkuji / díky / děkuji předem / ďakujem / vďaka",
    footers="tato zpráva / tento e-mail / táto správa / obsah této zprávy",
    footed="důvěrn / dôvern / určen / adresát",
    answers="odp",
)

OTHERS = Tongue(
    opens="pe / în / mnamo / vào / στις / tarihinde / pada / ב- / בתאריך / في / ในวันที่ / a(z)",
    wrote=(
        "yazdı / пише / написав / написала / scris / έγραψε / írta / viết / menulis / 작성 / כתב / כתבה / كتب / "
        "เขียนว่า / napisao / napisal / kirjutas / rašė / rakstīja / написа"
    ),
    from_="kimden / gönderen / від / de la / από / feladó / 보낸 사람 / 보낸사람 / מאת / من / จาก / từ / dari",
    sent=(
        "gönderildi / tarih / gönderme tarihi / надіслано / дата / trimis / data / στάλθηκε / ημερομηνία / "
        "elküldve / dátum / 보낸 날짜 / 날짜 / 보낸시간 / נשלח / תאריך / تاريخ الإرسال / تم الإرسال / วันที่ / "
        "ngày / tanggal / terkirim"
    ),
    to=(
        "kime / bilgi / кому / către / προς / címzett / 받는 사람 / 받는사람 / 참조 / אל / עותק / إلى / ถึง / "
        "đến / tới / kepada"
    ),
    subject=(
        "konu / тема / subiect / θέμα / tárgy / 제목 / נושא / الموضوع / เรื่อง / chủ đề / tiêu đề / subjek / perihal"
    ),
    titles=(
        "özgün ileti / orijinal mesaj / iletilen ileti / вихідне повідомлення / mesaj original / "
        "mesaj redirecționat / αρχικό μήνυμα / προωθημένο μήνυμα / eredeti üzenet / továbbított üzenet / "
        "원본 메시지 / 원본메일 / 전달된 메시지 / הודעה מקורית / הודעה שהועברה / الرسالة الأصلية / "
        "رسالة مُعاد توجيهها / thư gốc / pesan asli"
    ),
    devices=(
        "iphone…gönderildi / ipad…gönderildi / samsung…gönderildi / galaxy…gönderildi / "
        "android…gönderildi / outlook…gönderildi / "
        "надіслано з … / trimis de pe … / trimis din … / στάλθηκε από … / εστάλη από … / 나의 …에서 보냄 / "
        "…에서 보냄 / …에서 보낸 메일 / …에서 전송 / outlook for … 다운로드 / נשלח מה… / נשלח מ… / أُرسلت من … / "
        "أرسلت من … / مرسل من … / được gửi từ … / đã gửi từ … / gửi từ … / dikirim dari … / ส่งจาก … / "
        "ส่งจากiphone… / küldve az … / elküldve az … / iphone-ról küldve… / iphone-omról küldve…"
    ),
    regards=(
        "saygılarımla / iyi çalışmalar / sevgiler / з повагою / cu stimă / toate cele bune / "
        "με εκτίμηση / φιλικά / üdvözlettel / 드림 / בברכה / تحياتي / مع التحية / trân trọng / "
        "salam / lep pozdrav / lp / srdačan pozdrav"
    ),
    thanks=(
        "teşekkürler / teşekkür ederim / дякую / mulțumesc / ευχαριστώ / köszönöm / תודה / شكرا / شكراً / cảm ơn / "
        "terima kasih / hvala / 감사합니다 / selamlar / üdv"
    ),
    footers=(
        "bu e-posta / bu mesaj / це повідомлення / acest mesaj / acest e-mail / το παρόν μήνυμα / ez az e-mail / "
        "이 메일은 / 본 메일 / 본 메일은 / הודעה זו / هذه الرسالة / thư này / email này"
    ),
    footed=(
        "gizli / конфіденційн / confidențial / εμπιστευτικ / bizalmas / 기밀 / 비밀 / 수신인 / חסוי / سرية / "
        "bảo mật / mật"
    ),
    answers="ynt / cevap / απ / σχετ / vá / השב / رد / trả lời / bls / odg / atb / vl / 답장 / 회신",
)
"""Some phrases each of Turkish, Ukrainian, Romanian, Greek, Hungarian, Korean, Hebrew, Arabic, Thai, Vietnamese,
Indonesian and the languages between."""

ALL = (
    ENGLISH,
    GERMAN,
    FRENCH,
    SPANISH,
    PORTUGUESE,
    ITALIAN,
    DUTCH,
    SWEDISH,
    POLISH,
    RUSSIAN,
    CHINESE,
    JAPANESE,
    DANISH_AND_NORWEGIAN,
    FINNISH,
    CZECH_AND_SLOVAK,
    OTHERS,
)
