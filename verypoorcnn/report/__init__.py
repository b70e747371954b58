"""The report of a run: one page with everything that it was, learned and came to.

    evidence.py     what a report is made from: a training that has just ended
    folder.py       the same from the folder of a run, whether it is over or not
    content.py      what it says, as one object of plain lists, dicts, numbers and strings
    page.py         that object as a self-contained page

`report RUN --json` prints the object, and the page is drawn from nothing else.  `comparison.py` and
`comparison_page.py` are the same for several runs, `figures.py` writes figures for a paper.
"""
