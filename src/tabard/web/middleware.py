"""What happens around every page: nobody gets in unsigned, nothing foreign loads, every error has its page."""
