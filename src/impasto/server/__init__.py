"""The HTTP service and its page: the extra ``serve``.

``app`` puts it together: ``guard`` (who is let in, and how much may arrive), ``endpoints`` (what a path takes and
answers), ``api/`` (the paths), ``engine`` (the models), ``queue`` (what is painted now, and what waits), ``jobs`` (what
takes minutes). ``run`` starts it.
"""
