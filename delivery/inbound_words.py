"""The words and phrases by which `delivery.inbound` reads a text, in English and Spanish.

They meet sentences in lower case without accents and apostrophes ("don't" is "dont"). The keywords are those
that phone companies require (CTIA Messaging Principles 5.1), and what people write in their place.
"""

from __future__ import annotations

import re
from typing import Final


def _words(english: str, spanish: str) -> dict[str, str]:
    """Word -> language."""
    return dict.fromkeys(english.split(), "en") | dict.fromkeys(spanish.split(), "es")


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(rf"(?:{one})" for one in patterns))


#: Stop, alone or as a sentence of their own.
STOP: Final = _words(
    "stop stopall stopp stpo sotp unsubscribe unsuscribe unsubcribe optout revoke",
    "parar pare paren alto basta baja",
)
#: Stop only where the text says nothing else.
STOP_ALONE: Final = _words("cancel end quit no nope remove", "cancelar cancela cancele para")
START: Final = _words("start yes unstop optin resume subscribe", "si comenzar empezar iniciar reanudar")
HELP_ALONE: Final = _words("help info", "ayuda informacion")
#: What people write around a keyword; a text of nothing else means nothing.
COURTESY: Final = frozenset(
    _words(
        "please pls plz thanks thank you thx ty ok okay now hey hi hello sir maam just all it this these "
        "that immediately asap again already and the i said every everything",
        "favor por gracias ya hola senor senora todo esto eso ahora ustedes digo dije",
    )
)

_SENT = (
    r"(?:texts?|texting|text messages?|messages?|messaging|msgs?|sms|spam|surveys?|forms?|reminders?|links?)"
)
_WRITE = (
    r"(?:text|txt|message|messag|msg|contact|bother|bugg?|spamm?|harass|writ|write|email|call|pester)(?:ing)?"
)
_HERE = r"(?:me|us|this number|this phone|my phone|my number|here|these|this$|it$)"
_MORE = r"(?:to (?:get|receive) |any |more |of |all |the |these |those |this |your |such |further ){0,5}"
_AFTER = r"(?:now|please|pls|plz|already|ok|okay|thanks|thank you|again|immediately|any ?more)"
_NOT = r"(?:dont|do not|never|no longer|didnt|did not)"
#: "you don't text me" and "why don't they" complain of silence: the sentence begins with the refusal.
_DO_NOT = (
    r"(?:^|(?:please|pls|plz|just|so|and|stop|no|number|again|now) )(?:dont|do not|never) (?:ever |you )?"
)

#: "I can't stop", "don't stop": taken out before phrases are looked for.
NEGATED: Final = _any(
    r"\b(?:dont|do not|cant|cannot|can not|couldnt|could not|wont|will not|never|didnt|did not|doesnt|wouldnt"
    r"|not)(?: (?:ever|even|really|just|(?:have|need|seem|want)(?: you| it| them)? to))? (?:stop|quit|opt)\b",
    r"\b(?:no|nunca)(?: puedo| pude| quiero)? (?:parar|pare[ns]?|deje[ns]?|dejar)\b",
)
_STOP_EN: Final = _any(
    rf"\b(?:stop|quit) (?:\w+ )?{_WRITE}(?: {_HERE}| {_AFTER}\b|$)",
    r"\b(?:stop|quit) (?:with |all |the |these |those |your |any |more |sending |getting |receiving ){0,4}"
    rf"{_SENT}\b",
    r"\b(?:stop|quit) sending(?: (?:me|us|this|these|those|them|it|things|stuff|any\w*|so|please)\b|$)",
    r"\b(?:stop|quit) (?:getting|receiving) (?:this|these|them|your)\b",
    rf"{_DO_NOT}(?!call){_WRITE} (?:me|us|this number|this phone|here|again|any ?more)\b",
    rf"{_DO_NOT}call (?:me|us|here|this number)(?: {_AFTER})?$",
    r"\b(?:can|could|will|would) (?:you|u)(?: please| pls| just)* (?:stop|quit)(?: it| this| now| please)?$",
    r"\b(?:told|asked|asking|begging) (?:you|u|yall)(?: guys)?(?: all)? to stop$",
    rf"{_DO_NOT}{_WRITE}$",
    rf"{_DO_NOT}send (?:me |us )?(?:\w+ )?(?:{_SENT}|this|these|them|any\w*|stuff|it)\b",
    rf"\b{_NOT} (?:\w+ )?(?:want|wish|like) {_MORE}{_SENT}\b",
    rf"\b{_NOT} need {_MORE}(?:texts|messages|reminders)\b",
    rf"\b{_NOT} (?:want|wish) to receive (?:these|those|them|this|anything)\b",
    rf"\b{_NOT} want (?:to )?(?:get|receive|hear from|be texted|be contacted|(?:you|u) (?:to )?{_WRITE})\b",
    r"\b(?:dont|do not|no longer) want (?:these|those|them)(?: any ?more)?$",
    rf"\b{_NOT} (?:sign(?:ed)? up|subscribed?|consent(?:ed)?|agreed?|asked?) (?:for|to) "
    rf"(?:{_SENT}|this|these|any)\b",
    r"\b(?:dont|do not|no longer) consent\b",
    rf"\bno more (?:of (?:these|this|your)|{_SENT})\b",
    r"(?:^|\b(?:please|pls|plz|just|now|and) )leave me (?:the \w+ )?alone\b",
    r"\b(?:take|get|remove) (?:me|my (?:number|phone|cell|name)) (?:off|from|out of)"
    r"(?: (?:this|the|your|ur)\b|$)",
    rf"\bremove (?:me(?:$| {_AFTER}\b)|my (?:number|phone|cell)\b)",
    r"\b(?:delete|erase|lose) (?:my|this) number\b",
    r"\b(?:unsubscribe|opt(?:ing|ed)? (?:me |us )?out)\b",
    rf"\b(?:cancel|end|revoke|withdraw) (?:\w+ )?(?:{_SENT}|subscription|consent)\b",
    r"^(?:just |please )?(?:fu?c?k? off|fuck (?:you|u)|piss off|go away|get lost|stfu|shut up)$",
    r"^(?:no |sorry )*(?:im |i am )?not interested(?: thanks| thank you| in (?:this|these|your \w+))?$",
)
_MANDE: Final = r"(?:(?:mand|envi|molest|contact|llam|texte?)e[ns]?|escriba[ns]?)"
_MANDAR: Final = r"(?:mandar|enviar|molestar|contactar|llamar|textear|escribir)"
_MENSAJES: Final = (
    r"(?:mensajes?|mensages?|textos?|sms|notificaciones|formularios?|encuestas?|recordatorios?)"
)
_STOP_ES: Final = _any(
    rf"\bno (?:quiero que )?(?:me |nos )?{_MANDE}\b",
    rf"\bno (?:quiero que )?(?:me |nos )?vuelva[ns]? a {_MANDAR}(?:me|nos)?\b",
    rf"\b(?:deje[ns]?|deja|dejar|pare[ns]?|para|parar) (?:ya )?de {_MANDAR}(?:me|nos|le)?\b",
    r"\bdejar de recibir\b",
    rf"\bno (?:quiero|deseo|queremos) (?:\w+ ){{0,4}}?{_MENSAJES}\b|\bno (?:quiero|deseo) recibir\b",
    r"\bno necesito (?:\w+ ){0,2}?(?:mensajes|textos)\b",
    r"\bdeje(?:n)?me (?:ya )?(?:en paz|tranquil[ao])\b|\bdejame (?:ya )?(?:en paz|tranquil[ao])\b",
    rf"\bno mas {_MENSAJES}\b|^(?:ya )?no mas$",
    r"\b(?:pare[ns]?|parar|cancele?[ns]?|cancelar|quiten?|quitar|detenga[ns]?) (?:con )?(?:\w+ )?"
    rf"(?:{_MENSAJES}|suscripcion)\b",
    r"\b(?:quit|borr|elimin|saqu|sac)(?:a|e|en)(?:me)? (?:de (?:\w+ )?lista|mi numero|mi telefono)\b",
    r"\b(?:de(?:n)?me|darme|dar|dese|quiero la|solicito la) (?:de )?baja\b|\bde[si]n?suscri\w+",
    r"^(?:ya )?no (?:me interesa|estoy interesad[oa]|acepto|autorizo)(?: gracias)?$",
)
STOP_PHRASES: Final = {"en": _STOP_EN, "es": _STOP_ES}
WRONG_NUMBER: Final = {
    "en": _any(
        r"(?:^|\b(?:you|have|has|got|is|its|thats|sorry|texting|reached|no|hi|hello|think) )"
        r"(?:the |a )?wrong (?:number|num|person|phone|guy|lady|patient|client)\b",
        r"\b(?:not|isnt) (?:the right|her|his|their) (?:number|phone)\b",
        r"\bno longer (?:her|his|their) (?:number|phone)\b",
        r"\b(?:nobody|no one|noone) (?:here )?(?:by|with|of) (?:that|this) name\b",
        r"^(?:sorry |i )*(?:dont|do not) know (?:this|that) (?:person|name)$",
    ),
    "es": _any(
        r"\b(?:numero|telefono|persona) (?:equivocad[oa]|incorrect[oa])\b",
        r"\b(?:se )?equivoc(?:o|aron|ado|ada) de (?:numero|persona|telefono)\b",
        r"\bno (?:soy|conozco a) (?:esa|la|esta) persona\b|\bno es (?:su|el) (?:numero|telefono)\b",
    ),
}
START_PHRASES: Final = {
    "en": _any(
        r"^(?:please |pls |yes |ok )*(?:start|resume) (?:texting|sending|messaging)\b", r"^opt (?:me )?in$"
    ),
    "es": _any(rf"^(?:por favor |si )*(?:vuelva[ns]?|empiece[ns]?) a {_MANDAR}me\b"),
}
HELP: Final = _any(
    r"^help\b|\bhelp(?: me| us| please)?$",
    r"\bhelp (?:me|us)\b|\bneed (?:\w+ )?help\b",
    r"\bayud(?:a|ame|eme|enme|arme)\b",
)
CRISIS: Final = _any(
    r"\b(?:want|wanna|going|gonna|ready|rather|need) (?:to )?(?:die|be dead|disappear)\b",
    r"\bwish i (?:was|were) dead\b|\bbetter off dead\b",
    r"\bkill(?:ing)? (?:myself|my self|me|him|her|us|them)\b|\bkms\b|\bsuicid\w*",
    r"\b(?:end|ending|take|taking) (?:my (?:own )?life|it all|everything)\b",
    r"\b(?:hurt|hurting|harm|harming|cut|cutting) (?:myself|my self)\b|\boverdos\w+",
    r"\b(?:dont|do not|no longer) (?:want|wanna) (?:to )?(?:live|be here|be alive|exist|wake up|go on)\b",
    r"\b(?:no reason|stop|quit|tired of|done|interested in) (?:to live|living)\b|\bcant (?:go on|take it)\b",
    r"\bemergenc(?:y|ia)\b|\b(?:911|988)\b",
    r"\b(?:quiero|quisiera|voy a|deseo|prefiero) (?:morir(?:me)?|matarme|suicidarme|desaparecer)\b",
    r"\bme (?:quiero|voy a) (?:morir|matar)\b|\bmatar(?:me|nos)\b|\bmejor muert[oa]\b",
    r"\b(?:quitarme|acabar con|terminar con) (?:la vida|mi vida|todo)\b",
    r"\bno quiero (?:\w+ )?(?:vivir|existir|despertar|seguir|estar aqui)\b|\bno (?:puedo|aguanto) mas\b",
    r"\b(?:hacerme dano|lastimarme|cortarme)\b",
)
#: Frequent words that tell the languages apart; a text without any is answered in English.
LANGUAGE: Final = _words(
    "the to and a i you my is it for of in on this that have are what who when where can will im not with "
    "was be do dont your we she so thanks thank please hi hello ok yes need want appointment today tomorrow "
    "at help",
    "que por para favor gracias hola el la los las un una de en con mi su es esta estoy quien quiero puedo "
    "como cuando donde porque mas si yo usted tengo soy buenos dias tardes cita manana hoy ya muy pero ayuda "
    "llorar le lo se del al ayudame ayudeme necesito morir vivir",
)
