"""How alike two whole representations are: measures of responses, arrays or torch tensors, all with gradients."""
