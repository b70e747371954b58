"""From vector operations to a processor's instructions: operands, registers, pointers, loops."""
