"""Invented reports for the tests of the page and of the renderer."""

from __future__ import annotations

from dataclasses import replace

from delivery.report_input import (
    Alert,
    Answer,
    Band,
    Change,
    Choice,
    Course,
    Cutoff,
    Finding,
    ItemChange,
    Measure,
    People,
    ReportInput,
    Scale,
)

OFTEN = ("Not at all", "Several days", "More than half the days", "Nearly every day")
BOTHERED = ("Not at all", "A little bit", "Moderately", "Quite a bit", "Extremely")
PHQ9_ITEMS = (
    "Little interest or pleasure in doing things",
    "Feeling down, depressed, or hopeless",
    "Trouble falling or staying asleep, or sleeping too much",
    "Feeling tired or having little energy",
    "Poor appetite or overeating",
    "Feeling bad about yourself – or that you are a failure or have let yourself or your family down",
    "Trouble concentrating on things, such as reading the newspaper or watching television",
    "Moving or speaking so slowly that other people could have noticed? Or the opposite – being so "
    "fidgety or restless that you have been moving around a lot more than usual",
    "Thoughts that you would be better off dead or of hurting yourself in some way",
)
DIFFICULTY = (
    "If you checked off any problems, how difficult have these problems made it for you to do your work, "
    "take care of things at home, or get along with other people?"
)
PHQ9_BANDS = (
    Band("Minimal", 0, 4),
    Band("Mild", 5, 9),
    Band("Moderate", 10, 14),
    Band("Moderately severe", 15, 19),
    Band("Severe", 20, 27),
)
NO_RULE = "The PHQ-9 has no official rule for blanks. Nothing was filled in; a blank does not count as 0."
PEOPLE = People(
    report_label="Elena R.",
    clinician="Ana Rowan, PsyD",
    practice="Cedar Street Counseling",
    reasons=("Own number, confirmed, not shared", "No code was asked"),
)
COURSE = Course(
    zone="America/Los_Angeles",
    sent_at="2026-11-21T02:00:00Z",
    started_at="2026-11-21T03:31:00Z",
    finished_at="2026-11-21T03:38:00Z",
    made_at="2026-11-21T03:39:05Z",
    channel="sms",
    device="phone",
    sittings=1,
    schedule="every 2 weeks",
    form_number=13,
    episode_started="2026-06-05",
    episode_week=24,
)
PHQ9 = Measure(
    short="PHQ-9",
    name="Patient Health Questionnaire-9",
    version="1",
    content_sha256="7d3f" * 16,
    stem="Over the last 2 weeks, how often have you been bothered by any of the following problems?",
    notice="Developed by Drs. Robert L. Spitzer, Janet B.W. Williams, Kurt Kroenke and colleagues, with an "
    "educational grant from Pfizer Inc. No permission required to reproduce, translate, display or "
    "distribute.",
    licence="PHQ-9: no permission required to reproduce, translate, display or distribute.",
    citations=(
        "Bands and cut-off: Kroenke, Spitzer and Williams 2001, J Gen Intern Med 16:606–613.",
        "Reliable change, 6 points: NHS Talking Therapies manual.",
    ),
)


def _chosen(value: int, words: tuple[str, ...] = OFTEN) -> Choice:
    return Choice(words[value], value)


def phq9() -> ReportInput:
    """Total 14, improved since the first form, question 9 answered "Several days"."""
    now, last, first = (2, 2, 1, 2, 1, 2, 2, 1, 1), (3, 2, 3, 1, 1, 3, 2, 1, 1), (3, 3, 3, 3, 1, 3, 2, 1, 2)
    answers = [
        Answer(f"phq9_{i + 1}", str(i + 1), text, "answered", OFTEN[now[i]], now[i], True, *earlier)
        for i, text in enumerate(PHQ9_ITEMS)
        if (earlier := (_chosen(last[i]), _chosen(first[i])))
    ]
    answers.append(Answer("phq9_10", "10", DIFFICULTY, label="Somewhat difficult", scored=False))
    return ReportInput(
        measure=PHQ9,
        people=PEOPLE,
        course=COURSE,
        answers=tuple(answers),
        answers_sha256="140be9c7aeaabaaae7a575126b42bfea30f1cdc811def53cfa82bd63934886c0",
        scoring_version="1.4.0",
        report_version="1.0",
        total=Scale(
            name="Total",
            low=0,
            high=27,
            value=14,
            band="Moderate",
            bands=PHQ9_BANDS,
            cutoff=Cutoff(10),
            reliable=6,
            reliable_source="NHS Talking Therapies manual",
            changes=(
                Change("first", "2026-06-05", 21, "reliable_improvement"),
                Change("last", "2026-11-06", 17, "no_reliable_change"),
            ),
            recovery="not_recovered",
            addends=now,
        ),
        findings=(
            Finding(
                "Counting rule for major depressive syndrome",
                "not met",
                "Five or more questions at “More than half the days”, one of them question 1 or 2; "
                "question 9 counts from “Several days”. Kroenke 2001.",
            ),
        ),
        alerts=(Alert("phq9_9", "Dr. Rowan", "sms", "2026-11-21T03:38:20Z", "not_confirmed"),),
        missing_rule="",
        changed_most=(ItemChange("sleep", 3, 1, True), ItemChange("energy", 1, 2, False)),
    )


def phq9_blank_risk() -> ReportInput:
    """Question 9 left blank: no total, a range, an alert."""
    whole = phq9()
    answers = tuple(
        replace(one, state="blank", label="", value=None) if one.item == "phq9_9" else one
        for one in whole.answers
    )
    assert whole.total is not None
    total = replace(
        whole.total,
        value=None,
        possible=(13, 16),
        band=None,
        recovery=None,
        changes=(
            Change("first", "2026-06-05", 21, "not_judged"),
            Change("last", "2026-11-06", 17, "not_judged"),
        ),
        addends=(*whole.total.addends[:-1], None),
    )
    return replace(whole, answers=answers, total=total, missing_rule=NO_RULE, findings=())


def phq9_all_blank() -> ReportInput:
    """Nothing answered at all, by nobody we are sure of."""
    whole = phq9_blank_risk()
    assert whole.total is not None
    answers = tuple(
        replace(one, state="blank", label="", value=None, last=None, first=None) for one in whole.answers
    )
    total = replace(whole.total, possible=(0, 27), changes=(), addends=(None,) * 9)
    return replace(
        whole,
        answers=answers,
        total=total,
        people=replace(PEOPLE, certainty="uncertain", reasons=("Address shared with another person",)),
        changed_most=None,
        alerts=(Alert("phq9_9"),),
    )


PCL5_ITEMS = (
    "Repeated, disturbing, and unwanted memories of the stressful experience?",
    "Repeated, disturbing dreams of the stressful experience?",
    "Suddenly feeling or acting as if the stressful experience were actually happening again (as if you "
    "were actually back there reliving it)?",
    "Feeling very upset when something reminded you of the stressful experience?",
    "Having strong physical reactions when something reminded you of the stressful experience (for "
    "example, heart pounding, trouble breathing, sweating)?",
    "Avoiding memories, thoughts, or feelings related to the stressful experience?",
    "Avoiding external reminders of the stressful experience (for example, people, places, "
    "conversations, activities, objects, or situations)?",
    "Trouble remembering important parts of the stressful experience?",
    "Having strong negative beliefs about yourself, other people, or the world (for example, having "
    "thoughts such as: I am bad, there is something seriously wrong with me, no one can be trusted, the "
    "world is completely dangerous)?",
    "Blaming yourself or someone else for the stressful experience or what happened after it?",
    "Having strong negative feelings such as fear, horror, anger, guilt, or shame?",
    "Loss of interest in activities that you used to enjoy?",
    "Feeling distant or cut off from other people?",
    "Trouble experiencing positive feelings (for example, being unable to feel happiness or have loving "
    "feelings for people close to you)?",
    "Irritable behavior, angry outbursts, or acting aggressively?",
    "Taking too many risks or doing things that could cause you harm?",
    "Being “superalert” or watchful or on guard?",
    "Feeling jumpy or easily startled?",
    "Having difficulty concentrating?",
    "Trouble falling or staying asleep?",
)


def pcl5() -> ReportInput:
    """Twenty items, four clusters, one earlier form, no bands, the change figure not yet verified."""
    now = (3, 2, 1, 3, 2, 4, 3, 0, 2, 1, 2, 3, 3, 1, 2, 0, 4, 3, 2, 3)
    before = (3, 3, 2, 4, 3, 4, 4, 1, 3, 2, 3, 3, 3, 2, 2, 1, 4, 4, 3, 4)
    clusters = (
        ("B, intrusion", 0, 5),
        ("C, avoidance", 5, 7),
        ("D, mood and thinking", 7, 14),
        ("E, arousal", 14, 20),
    )
    parts = tuple(
        Scale(
            name=name,
            low=0,
            high=4 * (end - start),
            value=sum(now[start:end]),
            changes=(
                Change("first", "2026-10-09", sum(before[start:end]), "no_figure"),
                Change("last", "2026-10-09", sum(before[start:end]), "no_figure"),
            ),
        )
        for name, start, end in clusters
    )
    return ReportInput(
        measure=Measure(
            short="PCL-5",
            name="PTSD Checklist for DSM-5",
            version="1",
            content_sha256="90ab" * 16,
            stem="In the past month, how much were you bothered by:",
            notice="The PCL-5 was made by the National Center for PTSD and is in the public domain.",
            citations=(
                "Cut-off 31 to 33: National Center for PTSD.",
                "Reliable change, 15 to 18 points: Marx and others 2022.",
            ),
        ),
        people=replace(PEOPLE, report_label="Marcus T.", supervisor="J. Okafor, PhD", certainty="confirmed"),
        course=replace(COURSE, channel="email", device="computer", sittings=2, form_number=2),
        answers=tuple(
            Answer(
                f"pcl5_{i + 1}",
                str(i + 1),
                text,
                "answered",
                BOTHERED[now[i]],
                now[i],
                True,
                _chosen(before[i], BOTHERED),
                _chosen(before[i], BOTHERED),
            )
            for i, text in enumerate(PCL5_ITEMS)
        ),
        answers_sha256="c151a3101d32733b" * 4,
        scoring_version="1.4.0",
        report_version="1.0",
        total=Scale(
            name="Total",
            low=0,
            high=80,
            value=sum(now),
            cutoff=Cutoff(31, verified=False),
            reliable=15,
            changes=(Change("first", "2026-10-09", sum(before), "unverified"),),
            addends=now,
        ),
        subscales=parts,
        findings=(
            Finding(
                "DSM-5 symptom pattern",
                "met",
                "At least one B, one C, two D and two E questions at “Moderately” or more. National Center "
                "for PTSD. It is provisional and no diagnosis.",
            ),
        ),
        changed_most=(ItemChange("startled", 4, 3, True), ItemChange("memories avoided", 4, 3, True)),
    )


def audit_c() -> ReportInput:
    """Three questions, first form, typed in by the clinician, cut-off open because sex is not recorded."""
    rows = (
        ("How often do you have a drink containing alcohol?", "2 to 3 times a week", 3),
        ("How many standard drinks containing alcohol do you have on a typical day?", "1 or 2", 0),
        ("How often do you have six or more drinks on one occasion?", "Less than monthly", 1),
    )
    return ReportInput(
        measure=Measure(
            short="AUDIT-C",
            name="Alcohol Use Disorders Identification Test, consumption",
            version="1",
            content_sha256="55cc" * 16,
            notice="AUDIT-C is in the public domain.",
            citations=("Bush and others 1998, Arch Intern Med 158:1789–1795.",),
        ),
        people=replace(
            PEOPLE, report_label="K.", certainty="seen", reasons=("In the room with the clinician",)
        ),
        course=Course(
            zone="America/Los_Angeles",
            finished_at="2026-11-21T00:12:00Z",
            made_at="2026-11-21T00:12:02Z",
            channel="in_person",
            typed_by="Ana Rowan, PsyD",
            occasion="screening",
        ),
        answers=tuple(
            Answer(f"audit_c_{i}", str(i), text, "answered", label, value)
            for i, (text, label, value) in enumerate(rows, 1)
        ),
        answers_sha256="aa01" * 16,
        scoring_version="1.4.0",
        report_version="1.0",
        total=Scale(name="Total", low=0, high=12, value=4, addends=(3, 0, 1)),
        findings=(
            Finding(
                "Positive screen",
                "cannot be said",
                "From 4 (men) or 3 (women); sex is not recorded.",
            ),
        ),
    )


ALL = {
    "phq9": phq9,
    "blank_risk": phq9_blank_risk,
    "all_blank": phq9_all_blank,
    "pcl5": pcl5,
    "audit_c": audit_c,
}


def named(
    report_label: str, clinician: str = "Ana Rowan, PsyD", practice: str = "Cedar Street"
) -> ReportInput:
    """The first report under other names."""
    return replace(
        phq9(), people=replace(PEOPLE, report_label=report_label, clinician=clinician, practice=practice)
    )
