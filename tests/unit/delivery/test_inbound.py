from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.inbound import LONGEST, Wish, meaning

STOP_EN = """
STOP
stop
Stop.
"STOP"
STOP!!!
stop 🛑
 s t o p
Stoppp
STOP STOP STOP
STOPALL
stop all
Unsubscribe
UNSUBSCRIBE please
CANCEL
end
Quit
REVOKE
OptOut
opt out
Opt-out.
OPT ME OUT!
no
No.
NO thanks
no thank you
stop it
Stop this now
please stop
Stop. I don't know you.
I said stop!
Stop please, thank you
please stop texting me
Please STOP texting me!!! 😡
plz quit texting me
stop sending me these
quit sending this
stop messaging me please
Stop the texts
stop with the messages
please stop these messages
no, stop texting this number
Why won't you stop texting me
how do I unsubscribe
how do i stop getting these texts
I want to opt out of this
do not text me again
Don't contact me
dont text this number
Don’t send me any more messages
please don't message me anymore
I don't want these texts
i dont want to receive messages
I no longer want to get these reminders
I never signed up for this
I did not agree to this
no more texts
No more messages please
leave me alone
Please just leave me alone
take me off your list
take my number off this list
remove me
Remove my number from your system
lose my number
cancel these texts
cancel my subscription
I revoke my consent
go away
Can you please stop
I told you to stop!
I do not wish to receive these
Do not call me again
stop txting me
Can you help stop these texts
I dont need any more reminders
fuck off
not interested
I'm not interested, thanks
""".strip().splitlines()
STOP_ES = """
PARAR
parar.
Alto
ALTO!
basta
Basta ya
¡BASTA!
baja
BAJA por favor
cancelar
Pare por favor
paren
no me mande mensajes
No me manden más mensajes
ya no me escriban
no me molesten
No quiero que me escriban
ya no quiero mensajes
Ya no quiero más mensajes 🙏
no quiero recibir sus textos
No deseo recibir notificaciones
deje de mandarme mensajes
dejen de escribirme
Quiero dejar de recibir mensajes
dejeme en paz
Déjenme en paz
no más mensajes
no mas
quiero darme de baja
deme de baja
borre mi número
quíteme de la lista
cancele los mensajes
no me vuelvan a escribir
no me interesa
Detenga los mensajes
Bórrame de la lista
sáqueme de esta lista
ya no necesito sus mensajes
""".strip().splitlines()
WRONG_EN = """
wrong number
Wrong number!
Sorry, wrong number
you have the wrong number
You've got the wrong person
I think you have the wrong number.
this is not her number
nobody by that name here
this is no longer his phone
Sorry, I don't know this person
""".strip().splitlines()
WRONG_ES = """
numero equivocado
Número equivocado, disculpe
Se equivocó de número
no soy esa persona
No conozco a esa persona
""".strip().splitlines()
START_EN = [
    "START",
    "start",
    "Yes",
    "yes please",
    "UNSTOP",
    "Start!",
    "please start texting me again",
    "opt in",
]
START_ES = ["sí", "SI", "comenzar", "Empezar", "si por favor"]
HELP_EN = """
HELP
help
Help me
INFO
help please
I need help
can you help me with the form
""".strip().splitlines()
HELP_ES = ["AYUDA", "ayuda por favor", "Necesito ayuda", "ayúdame", "Información"]
CRISIS_EN = """
help me I want to die
I want to kill myself
I dont want to live anymore
I want to stop living
im going to end it all
I'm thinking about suicide
I am not interested in living
I want to end my life
this is an emergency
i can't take it anymore
""".strip().splitlines()
CRISIS_ES = """
ayuda me quiero morir
me quiero matar
ya no quiero vivir
quiero morirme
no puedo más
pienso en el suicidio
""".strip().splitlines()
OTHER_EN = """
stop by at 5
I'll stop by the office tomorrow
I can't stop crying
don't stop
please don't stop texting me
I could not stop thinking about it
I need to stop drinking
I want to quit smoking
I quit my job
the bus stop is far
can we cancel my appointment
I have to end our session early
no I am fine
No worries, see you then
not sure
you don't text me anymore
why don't they call me
my thoughts won't leave me alone
I picked the wrong number on question 3
I married the wrong person
in the end it was fine
Who is this?
ok
Thanks!
👍
yes I will do it tonight
I start my new job tomorrow
running late
Don't call me, I'm at work. Will do the form later
please don't call, text me
I don't need the form anymore, finished it
I don't want to fill the forms at work, can I do it later
I didn't receive the text message
the messages in my head won't stop
make it stop
I stopped taking my meds
I never got the link
the link does not work
my information changed
""".strip().splitlines()
OTHER_ES = """
no puedo parar de llorar
No puedo dejar de pensar en eso
no paren por favor
no deje de escribirme
soy alto
tengo la autoestima baja
quiero cancelar mi cita
no sé qué hacer
para mañana está bien
¿Quién es?
gracias
mi doctora no me llama
ya terminé el formulario
Gracias, ya no necesito el formulario
basta de dolor
""".strip().splitlines()

LABELLED = [
    *((text, Wish.STOP, "en") for text in STOP_EN),
    *((text, Wish.STOP, "es") for text in STOP_ES),
    *((text, Wish.WRONG_NUMBER, "en") for text in WRONG_EN),
    *((text, Wish.WRONG_NUMBER, "es") for text in WRONG_ES),
    *((text, Wish.START, "en") for text in START_EN),
    *((text, Wish.START, "es") for text in START_ES),
    *((text, Wish.HELP, "en") for text in HELP_EN + CRISIS_EN),
    *((text, Wish.HELP, "es") for text in HELP_ES + CRISIS_ES),
    *((text, Wish.OTHER, "en") for text in OTHER_EN),
    *((text, Wish.OTHER, "es") for text in OTHER_ES),
]


@pytest.mark.parametrize(("text", "wish", "language"), LABELLED)
def test_a_text_is_read_as_a_person_would_read_it(text: str, wish: Wish, language: str) -> None:
    found = meaning(text)
    assert (found.wish, found.language) == (wish, language)


@pytest.mark.parametrize("text", CRISIS_EN + CRISIS_ES)
def test_words_of_crisis_are_heard_and_never_count_as_stop(text: str) -> None:
    found = meaning(text)
    assert found.crisis
    assert not found.stops


@pytest.mark.parametrize("text", STOP_EN + STOP_ES + WRONG_EN + WRONG_ES + OTHER_EN + OTHER_ES)
def test_ordinary_texts_are_no_crisis(text: str) -> None:
    assert not meaning(text).crisis


@pytest.mark.parametrize("text", ["Stop texting me. I want to die", "no me mande mensajes, me quiero morir"])
def test_a_text_that_says_both_stops_and_is_a_crisis(text: str) -> None:
    found = meaning(text)
    assert found.stops
    assert found.crisis


@given(st.text(max_size=300))
def test_no_text_is_too_odd_to_read(text: str) -> None:
    assert meaning(text).language in ("en", "es")


@pytest.mark.parametrize(
    "part", ["stop ", "no quiero ", "dont want ", "a", "ﷺ", "\u0301", "help me i ", "🛑", "\x00"]
)
def test_a_text_of_100_000_characters_is_read_only_to_where_texts_end(part: str) -> None:
    text = (part * 100_000)[:100_000]
    assert meaning(text) == meaning(text[:LONGEST])
    assert meaning("x" * LONGEST + "\nstop texting me").wish is Wish.OTHER
