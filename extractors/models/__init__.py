"""Language models behind one small interface. The only package that imports a model's SDK."""
