"""Who names whom: which text of which resource names which other resource. It judges nothing."""
