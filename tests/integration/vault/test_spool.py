"""A spool that one process cleans while another begins in it."""

import threading

from tabard.kernel.ids import new_id
from tabard.vault.spool import Spool

FILES = 400


def test_what_is_being_made_is_not_cleaned_away(tmp_path):
    spool, is_over = Spool(tmp_path), threading.Event()

    def clean():
        while not is_over.is_set():
            Spool(tmp_path).clean(lambda _object_id: False)

    cleaner = threading.Thread(target=clean)
    cleaner.start()
    try:
        made = [spool.create(new_id()) for _ in range(FILES)]
    finally:
        is_over.set()
        cleaner.join()
    assert sum(file.path.exists() for file in made) == FILES
    for file in made:
        file.close()
    assert spool.clean(lambda _object_id: False) == FILES
