"""Apache Arrow, which the extra ``analytics`` brings; who imports this without it is told what to install."""

from ontology import KelisimError

try:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq
    from pyarrow import csv
except ImportError as error:
    raise KelisimError(
        "Parquet is written by pyarrow, which is not installed: pip install 'kelisim[analytics]'"
    ) from error

__all__ = ["csv", "pa", "pc", "pq"]
