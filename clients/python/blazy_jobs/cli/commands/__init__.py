"""The commands, by what they are about. Each does its work in a function of a Session; the HTTP library and what draws
on terminals are loaded by the work, so that `--help` is quick."""
