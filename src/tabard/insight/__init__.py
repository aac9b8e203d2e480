"""What the force learns from its footage: rollout progress, outcomes, published figures."""
