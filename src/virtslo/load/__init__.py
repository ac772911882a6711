"""The load engine: arrival processes, the plan, operations, the engine that carries it out."""
