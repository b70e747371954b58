"""The model that users hold: a network, its parameters, the names of its classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite, prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verypoorcnn.data.dataset import Dataset, check_class_names
from verypoorcnn.engines import Engine, create_engine
from verypoorcnn.errors import UserError
from verypoorcnn.files.tensors import Tensor
from verypoorcnn.network import Network
from verypoorcnn.network.presets import paper
from verypoorcnn.training.evaluation import Advance, evaluate, probabilities
from verypoorcnn.training.model_file import ModelFile, are_names, load_model, save_model

if TYPE_CHECKING:
    from verypoorcnn.training.loop import Callback, Record
    from verypoorcnn.training.metrics import Metrics
    from verypoorcnn.training.settings import TrainingSettings


@dataclass(frozen=True)
class Prediction:
    """What a model makes of one image."""

    label: int
    name: str
    probability: float
    probabilities: tuple[float, ...]  # of all classes, in their order

    def top(self, count: int) -> list[int]:
        """The labels of the most probable classes, most probable first."""
        return sorted(range(len(self.probabilities)), key=lambda k: -self.probabilities[k])[:count]


class Model:
    """A network that can be trained, asked, saved and loaded.

        model = Model()                       # the paper's network
        model.fit(train, epochs=25)
        print(model.evaluate(test).accuracy)
        model.save("model.safetensors")

    `engine` names who computes, "auto" being the fastest that works here; an engine that exists
    already, with its parameters, is taken as it is.
    """

    def __init__(
        self,
        network: Network | None = None,
        *,
        class_names: Sequence[str] | None = None,
        parameters: Mapping[str, Tensor] | None = None,
        seed: int = 0,
        engine: str | Engine = "auto",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        self.network = network or paper()
        self.class_names = tuple(class_names or map(str, range(self.network.classes)))
        self.seed = seed
        self.details = dict(details or {})  # travels with the model file
        if len(self.class_names) != self.network.classes:
            raise UserError(
                f"{len(self.class_names)} class names for a network of {self.network.classes} "
                "classes; give one name a class"
            )
        check_class_names(self.class_names, "class_names")
        if isinstance(engine, str):
            values = parameters or self.network.initial_parameters(seed)
            engine = create_engine(engine, self.network, values).engine
        self.engine = engine

    @property
    def named(self) -> bool:
        """Whether its classes have names; a file of PyTorch knows numbers only."""
        return are_names(self.class_names)

    @property
    def parameters(self) -> dict[str, Tensor]:
        """A copy of everything it has learned, by PyTorch's names."""
        return self.engine.parameters()

    def fit(
        self,
        train: Dataset,
        *,
        epochs: int = 25,
        batch_size: int = 16,
        learning_rate: float = 0.008,
        validation: Dataset | None = None,
        patience: int = 0,
        callbacks: Sequence[Callback] | None = None,
    ) -> list[Record]:
        """Train on `train` and return one record an epoch: loss, accuracy, seconds.

        Without `callbacks` a line an epoch goes to stderr; () keeps it silent.  With `patience`,
        training stops when the validation loss has not fallen for so many epochs, and the best
        epoch's parameters are kept.

        Raises:
            UserError: images of another shape, labels beyond the classes, a loss that is no
                longer finite.
        """
        from verypoorcnn.training.settings import TrainingSettings

        settings = TrainingSettings(
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            seed=self.seed,
            patience=patience,
            measure_start=False,
        )
        return self._fit(train, validation, settings, callbacks)

    def _fit(
        self,
        train: Dataset,
        validation: Dataset | None,
        settings: TrainingSettings,
        callbacks: Sequence[Callback] | None,
    ) -> list[Record]:
        from verypoorcnn.training.epochs import PrintEpochs
        from verypoorcnn.training.loop import Trainer

        self.check(train)
        if validation:
            self.check(validation)
        told = (PrintEpochs(),) if callbacks is None else callbacks
        trainer = Trainer(self.engine, train, settings, validation=validation, callbacks=told)
        trainer.run()
        self.class_names = train.class_names
        self.details |= {"data": train.source, "seed": self.seed, "engine": self.engine.name}
        return trainer.position.history

    def evaluate(self, dataset: Dataset, advance: Advance = int) -> Metrics:
        """Loss, accuracy, precision, recall, F1 and the confusion matrix on these images.

        `advance` is told, now and then, how many images were done since it was last told.
        """
        self.check(dataset)
        if self.named or len(dataset.class_names) != self.network.classes:
            dataset = replace(dataset, class_names=self.class_names)
        return evaluate(self.engine, dataset, advance)

    def predict(self, images: Dataset | Sequence[bytes]) -> list[Prediction]:
        """What the model makes of images: a data set, or the bytes of each image.

        Raises:
            UserError: images of another shape; probabilities that are no numbers.
        """
        dataset = images if isinstance(images, Dataset) else self._unlabelled(images)
        self.check(dataset)
        rows = probabilities(self.engine, dataset)
        return [self._prediction(row, dataset.source) for row in rows]

    def summary(self) -> str:
        """The layers with their shapes, parameters and multiply-adds, as a table."""
        from verypoorcnn.training.summary import summary

        return summary(self.network)

    def save(self, path: str | Path) -> None:
        """Write the model to a safetensors file."""
        save_model(Path(path), self.file())

    def file(self) -> ModelFile:
        """What a model file holds of it."""
        return ModelFile(self.network, self.parameters, self.class_names, self.details)

    @classmethod
    def load(
        cls, path: str | Path, *, network: Network | None = None, engine: str = "auto"
    ) -> Model:
        """Read a model from a safetensors file, of this program or of PyTorch.

        A file of PyTorch says nothing of its network: give `network`, unless it is a preset's.
        """
        file = load_model(Path(path), network)
        return cls(
            file.network,
            class_names=file.class_names,
            parameters=file.parameters,
            engine=engine,
            details=file.details,
        )

    def check(self, dataset: Dataset) -> None:
        """Raise UserError unless the network can take these images and labels."""
        if dataset.shape != self.network.input_shape:
            found, needed = (
                "×".join(map(str, s)) for s in (dataset.shape, self.network.input_shape)
            )
            raise UserError(
                f"{dataset.source}: images of {found}, but the network takes {needed}; "
                "scale the images or set network.input_shape"
            )
        if max(dataset.labels) >= self.network.classes:
            raise UserError(
                f"{dataset.source}: label {max(dataset.labels)}, but the network tells "
                f"{self.network.classes} classes apart (labels from 0); use a network with more"
            )

    def _unlabelled(self, images: Sequence[bytes]) -> Dataset:
        names, shape = self.class_names, self.network.input_shape
        size = prod(shape)
        for index, image in enumerate(images):
            if len(image) != size:
                raise UserError(
                    f"image {index}: {len(image)} bytes, but the network takes "
                    f"{'×'.join(map(str, shape))} = {size}; scale it"
                )
        return Dataset(b"".join(images), bytes(len(images)), shape, names, "images to predict")

    def _prediction(self, row: Sequence[float], source: str) -> Prediction:
        if not all(map(isfinite, row)):
            from verypoorcnn.training.metrics import check_probabilities

            check_probabilities(source, row, self.class_names)
        label = max(range(len(row)), key=row.__getitem__)
        return Prediction(label, self.class_names[label], row[label], tuple(row))
