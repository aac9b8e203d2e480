"""Who else saw the log grow? Asking them, counting them against the policy, and telling how they stand."""
