"""Dead letters as the history knows them: genuine callbacks that nobody understood yet."""
