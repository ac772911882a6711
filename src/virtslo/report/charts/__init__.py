"""The plots of a run: values in Plotly's terms, made of the record alone."""
